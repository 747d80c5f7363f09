/** Routes of the dashboard. */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { randomBytes } from "node:crypto"
import { sameToken } from "../controlHandlers.ts"
import { bodyTooLarge, isBodyTooLarge } from "../errorAnswers.ts"
import { type Html, html } from "../html.ts"
import { type Done, perform, type Surroundings } from "./actions.ts"
import * as Assets from "./assets.ts"
import { Kind, kindFields } from "./faultKinds.ts"
import { Press } from "./forms.ts"
import { changes, page, plainPage } from "./layout.ts"
import { collect } from "./model.ts"
import { paths } from "./paths.ts"

const answer = (markup: string, status = 200, headers: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.text(markup, {
    status,
    contentType: "text/html; charset=utf-8",
    headers: { "cache-control": "no-store", ...headers }
  })

/** Whether htmx sent the request. It wants parts, a browser without scripts wants a page. */
const isPartial = Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => headers["hx-request"] === "true")

const notice = (message: string, tone: "good" | "bad"): Html =>
  html`<hx-partial hx-target="#notices" hx-swap="innerHTML"><p class="notice ${tone}">${message}</p></hx-partial>`

const complaint = Effect.fnUntraced(function* (message: string, status: number) {
  return (yield* isPartial)
    ? answer(notice(message, "bad").markup, status)
    : answer(
        plainPage(
          "Not done",
          html`<h1>Not done</h1>
            <p>${message}</p>`
        ),
        status
      )
})

const success = Effect.fnUntraced(function* ({ message, reveal }: Done) {
  if (!(yield* isPartial)) {
    return reveal === undefined ? HttpServerResponse.redirect("/", { status: 303 }) : answer(plainPage(message, reveal))
  }
  const shown =
    reveal === undefined ? "" : html`<hx-partial hx-target="#revealed" hx-swap="innerHTML">${reveal}</hx-partial>`
  return answer(html`${notice(message, "good")}${shown}`.markup, 200, { "hx-trigger": "refresh" })
})

const pressed = (around: Surroundings) =>
  Effect.gen(function* () {
    const press = yield* HttpServerRequest.schemaBodyUrlParams(Press)
    if (!sameToken(press.token, around.controlToken)) {
      return yield* complaint("This page is from an earlier run of the simulator. Load it again.", 403)
    }
    return yield* success(yield* perform(around, press))
  }).pipe(
    Effect.catchTags({
      SchemaError: () => complaint("No such action.", 400),
      SimulatorError: ({ message }) => complaint(message, 400),
      HttpServerError: (error) => (isBodyTooLarge(error) ? complaint(bodyTooLarge, 413) : Effect.die(error))
    })
  )

const Seen = Schema.Record(Schema.String, Schema.String)

/** The routes. They stand behind the guard of the simulator's own pages. */
export const layer = (around: Surroundings) => {
  const model = (wanted?: string) => collect(around.world, around.control, Redacted.value(around.controlToken), wanted)
  /** A page of another run has another token, so it loads itself again. */
  const run = randomBytes(9).toString("base64url")

  const live = Effect.gen(function* () {
    const seen = yield* HttpServerRequest.schemaSearchParams(Seen)
    return seen["run"] === run
      ? answer(changes(yield* model(seen["wanted"]), seen).markup)
      : answer("", 200, { "hx-refresh": "true" })
  }).pipe(Effect.catchTag("SchemaError", () => complaint("No such parts.", 400)))

  const faultFields = HttpServerRequest.schemaSearchParams(Schema.Struct({ kind: Kind })).pipe(
    Effect.map(({ kind }) => answer(kindFields(kind).markup)),
    Effect.catchTag("SchemaError", () => complaint("No such fault.", 400))
  )

  return Layer.mergeAll(
    HttpRouter.add(
      "GET",
      "/",
      Effect.map(model(), (shown) => answer(page(shown, run)))
    ),
    HttpRouter.add("GET", "/favicon.ico", HttpServerResponse.empty()),
    HttpRouter.add("POST", paths.press, pressed(around)),
    HttpRouter.add("GET", paths.live, live),
    HttpRouter.add("GET", paths.faultFields, faultFields),
    Assets.layer
  )
}
