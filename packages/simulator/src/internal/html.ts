/** HTML templates that escape what is interpolated. */
/** Markup that is safe to insert as it is. */
export class Html {
  readonly markup: string
  constructor(markup: string) {
    this.markup = markup
  }
}

type Part = string | number | Html | ReadonlyArray<Html>

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

const render = (part: Part): string => {
  if (part instanceof Html) return part.markup
  if (Array.isArray(part)) return part.map(render).join("")
  return String(part).replace(/[&<>"']/g, (character) => entities[character] ?? "")
}

/** A template whose interpolated text is escaped. */
export const html = (strings: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Html =>
  new Html(strings.map((text, n) => text + (n < parts.length ? render(parts[n] ?? "") : "")).join(""))
