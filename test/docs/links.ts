/** The links of the written site that stay within it. */
import * as fs from "node:fs"
import * as path from "node:path"

interface Page {
  readonly ids: ReadonlySet<string>
  readonly links: ReadonlyArray<string>
}

const attributes = (html: string, names: string) =>
  Array.from(html.matchAll(new RegExp(`\\s(?:${names})="([^"]*)"`, "g")), ([, value = ""]) =>
    value.replaceAll("&amp;", "&")
  )

const isLocal = (link: string) => !/^(?:[a-z]+:|\/\/)/i.test(link)

/** The links in a folder of HTML files whose file or anchor does not exist, each with the page it stands on. */
export const brokenLinks = (folder: string): ReadonlyArray<string> => {
  const files = fs.readdirSync(folder, { recursive: true, encoding: "utf8" })
  const pages = new Map<string, Page>(
    files
      .filter((file) => file.endsWith(".html"))
      .map((file) => {
        const html = fs.readFileSync(path.join(folder, file), "utf8")
        return [file, { ids: new Set(attributes(html, "id")), links: attributes(html, "href|src") }]
      })
  )
  const existing = new Set(files)
  return Array.from(pages).flatMap(([file, { links }]) =>
    [...new Set(links)].filter(isLocal).flatMap((link) => {
      const [address = "", anchor = ""] = link.split("#")
      const target =
        address === "" ? file : path.join(path.dirname(file), decodeURIComponent(address.split("?")[0] ?? ""))
      const ids = pages.get(target)?.ids
      const isThere =
        existing.has(target) && (anchor === "" || ids === undefined || ids.has(decodeURIComponent(anchor)))
      return isThere ? [] : [`${file}: ${link}`]
    })
  )
}
