/** The Worker: starts the suite, and has a server like that of the other runtimes in a Durable Object. */
import { DurableObject } from "cloudflare:workers"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { run } from "../suite/run.mjs"
import { makeServer } from "../suite/server.mjs"

const platformOf = ({ ICR_WORLD: world }) => ({
  world,
  client: FetchHttpClient.layer,
  tellsWhyNotConnected: false,
  notes: { shares: "in a Durable Object, see below" }
})

/** What a request to the Worker itself has begun ends with that request; what one to an object has begun goes on. */
export class ServerObject extends DurableObject {
  server = makeServer(platformOf(this.env))
  fetch(request) {
    return this.server.fetch(request)
  }
}

export default {
  fetch: async (request, env) => {
    const { origin, pathname } = new URL(request.url)
    return pathname === "/run"
      ? Response.json(await run({ ...platformOf(env), url: origin }))
      : env.SERVER.getByName("server").fetch(request)
  }
}
