/** Serves the dashboard's style sheets and scripts from this package and from the two that it depends on. */
import * as NodeHttpPlatform from "@effect/platform-node/NodeHttpPlatform"
import * as Effect from "effect/Effect"
import * as HttpPlatform from "effect/http/HttpPlatform"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { paths } from "./paths.ts"

const { resolve } = createRequire(import.meta.url)
/** The folder `static` of this package is as far from `src` as it is from `dist`. */
const own = (name: string) => fileURLToPath(new URL(`../../../static/${name}`, import.meta.url))

const css = "text/css; charset=utf-8"
const javascript = "text/javascript; charset=utf-8"

const files = {
  "pico.css": { contentType: css, find: () => resolve("@picocss/pico/css/pico.jade.min.css") },
  "htmx.js": { contentType: javascript, find: () => resolve("htmx.org/dist/htmx.min.js") },
  "frame.css": { contentType: css, find: () => own("frame.css") },
  "parts.css": { contentType: css, find: () => own("parts.css") },
  "lists.css": { contentType: css, find: () => own("lists.css") },
  "theme.js": { contentType: javascript, find: () => own("theme.js") },
  "dashboard.js": { contentType: javascript, find: () => own("dashboard.js") }
} as const

/** Address of a file. */
export const asset = (name: keyof typeof files): string => `${paths.assets}/${name}`

/** Routes of the files. They are looked up when a browser asks, so that a program without one pays nothing. */
export const layer = HttpRouter.use((router) =>
  Effect.gen(function* () {
    const platform = yield* HttpPlatform.HttpPlatform
    for (const [name, { contentType, find }] of Object.entries(files)) {
      const file = Effect.suspend(() =>
        platform.fileResponse(find(), { contentType, headers: { "cache-control": "no-cache" } })
      )
      yield* router.add("GET", `${paths.assets}/${name}`, Effect.orDie(file))
    }
  })
).pipe(Layer.provide(NodeHttpPlatform.layer))
