import { Simulator, type SimulatorOptions } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import jsonwebtoken from "jsonwebtoken"
import { createHmac, createPrivateKey, createPublicKey, createSign, generateKeyPairSync } from "node:crypto"
import { call, errorOf } from "./support/calls.ts"
import { appJwt } from "./support/jwt.ts"

/** Every hostile token is made by hand, so that no library's own caution stands in for the registry's. */
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")

const now = 1_800_000_000

const sign = (header: unknown, claims: unknown, pem: string) => {
  const head = `${encode(header)}.${encode(claims)}`
  return `${head}.${createSign("RSA-SHA256").update(head).sign(pem, "base64url")}`
}

const without = (claims: Record<string, unknown>, name: string) =>
  Object.fromEntries(Object.entries(claims).filter(([claim]) => claim !== name))

const rs256 = { alg: "RS256", typ: "JWT" }

const atNow = (options: SimulatorOptions = {}) => Effect.provide(Simulator.layerWith(options))

const outcome = Effect.fnUntraced(function* (jwt: string) {
  const response = yield* call("GET", "/app/installations", jwt)
  return response.status === 200 ? "accepted" : yield* errorOf(response)
})

const setting = Effect.gen(function* () {
  yield* TestClock.setTime(now * 1000)
  const { app } = yield* Simulator
  const pem = Redacted.value(app.privateKey)
  const claims = { iat: now - 60, exp: now + 540, iss: app.appId }
  return { pem, claims, appId: app.appId }
})

describe("an app JWT is accepted", () => {
  it.effect(
    "with the claims of Generate a JWT",
    Effect.fnUntraced(function* () {
      const { claims, pem } = yield* setting
      assert.strictEqual(yield* outcome(sign(rs256, claims, pem)), "accepted")
    }, atNow())
  )
  it.effect(
    "with the claim alg beside the header, as the page lists it",
    Effect.fnUntraced(function* () {
      const { claims, pem } = yield* setting
      assert.strictEqual(yield* outcome(sign(rs256, { ...claims, alg: "RS256" }, pem)), "accepted")
    }, atNow())
  )
  it.effect(
    "with a span of 660 seconds, which the registry's own demo app signs",
    Effect.fnUntraced(function* () {
      const { claims, pem } = yield* setting
      const long = sign(rs256, { ...claims, exp: now + 600 }, pem)
      assert.strictEqual(yield* outcome(long), "accepted")
      const { control } = yield* Simulator
      yield* control.setBehaviour({ jwtSpanFrom: "iat" })
      assert.deepStrictEqual(yield* outcome(long), { status: 401, message: "JWT is valid for more than 600 seconds" })
    }, atNow())
  )
  it.effect(
    "by any of several registered keys",
    Effect.fnUntraced(function* () {
      const { claims, pem } = yield* setting
      const { control } = yield* Simulator
      const second = yield* control.addKey()
      for (const key of [pem, Redacted.value(second.privateKey)]) {
        assert.strictEqual(yield* outcome(sign(rs256, claims, key)), "accepted")
      }
    }, atNow())
  )
  it.effect(
    "without the header's typ, which no page asks for",
    Effect.fnUntraced(function* () {
      const { claims, pem } = yield* setting
      assert.strictEqual(yield* outcome(sign({ alg: "RS256" }, claims, pem)), "accepted")
    }, atNow())
  )
})

describe("an app JWT is refused", () => {
  const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
    type: "pkcs8",
    format: "pem"
  })
  const pss = (head: string, pem: string) =>
    createSign("RSA-SHA256").update(head).sign({ key: pem, padding: 6, saltLength: 32 }, "base64url")

  type Setting = Effect.Success<typeof setting>
  const hostile: Readonly<Record<string, (s: Setting) => string>> = {
    "alg none, no signature": ({ claims }) => `${encode({ alg: "none" })}.${encode(claims)}.`,
    "alg none, real signature": ({ claims, pem }) => sign({ alg: "none" }, claims, pem),
    "alg None in another case": ({ claims, pem }) => sign({ alg: "nOnE" }, claims, pem),
    "HS256 keyed with the public key": ({ claims, pem }) => {
      const publicKey = createPublicKey(createPrivateKey(pem)).export({ type: "spki", format: "pem" })
      const head = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`
      return `${head}.${createHmac("sha256", publicKey).update(head).digest("base64url")}`
    },
    "HS256 signature under an RS256 header": ({ claims, pem }) => {
      const publicKey = createPublicKey(createPrivateKey(pem)).export({ type: "spki", format: "pem" })
      const head = `${encode(rs256)}.${encode(claims)}`
      return `${head}.${createHmac("sha256", publicKey).update(head).digest("base64url")}`
    },
    RS384: ({ claims, pem }) => {
      const head = `${encode({ alg: "RS384", typ: "JWT" })}.${encode(claims)}`
      return `${head}.${createSign("RSA-SHA384").update(head).sign(pem, "base64url")}`
    },
    "PS256 under an RS256 header": ({ claims, pem }) => {
      const head = `${encode(rs256)}.${encode(claims)}`
      return `${head}.${pss(head, pem)}`
    },
    "a key nobody registered": ({ claims }) => sign(rs256, claims, stranger.toString()),
    "an issuer nobody registered": ({ claims, pem }) => sign(rs256, { ...claims, iss: "67890" }, pem),
    "a numeric issuer": ({ claims, pem }) => sign(rs256, { ...claims, iss: 67890 }, pem),
    "the name of a method as issuer": ({ claims, pem }) => sign(rs256, { ...claims, iss: "__proto__" }, pem),
    expired: ({ claims, pem }) => sign(rs256, { ...claims, exp: now - 6 }, pem),
    "issued in the future": ({ claims, pem }) => sign(rs256, { ...claims, iat: now + 6 }, pem),
    "not valid yet": ({ claims, pem }) => sign(rs256, { ...claims, nbf: now + 6 }, pem),
    "over-long": ({ claims, pem }) => sign(rs256, { ...claims, exp: now + 606 }, pem),
    "times in milliseconds": ({ claims, pem }) =>
      sign(rs256, { ...claims, iat: (now - 60) * 1000, exp: (now + 540) * 1000 }, pem),
    "no exp": ({ claims, pem }) => sign(rs256, without(claims, "exp"), pem),
    "no iat": ({ claims, pem }) => sign(rs256, without(claims, "iat"), pem),
    "no iss": ({ claims, pem }) => sign(rs256, without(claims, "iss"), pem),
    "exp as text": ({ claims, pem }) => sign(rs256, { ...claims, exp: String(now + 540) }, pem),
    "exp null": ({ claims, pem }) => sign(rs256, { ...claims, exp: null }, pem),
    "claims that are a list": ({ pem }) => sign(rs256, [], pem),
    "claims that are no JSON": ({ pem }) => {
      const head = `${encode(rs256)}.${Buffer.from("{iss").toString("base64url")}`
      return `${head}.${createSign("RSA-SHA256").update(head).sign(pem, "base64url")}`
    },
    "a critical header parameter": ({ claims, pem }) => sign({ ...rs256, crit: ["b64"], b64: false }, claims, pem),
    "tampered claims": ({ claims, pem }) => {
      const [head, , signature] = sign(rs256, claims, pem).split(".")
      return `${head}.${encode({ ...claims, exp: claims.exp + 1 })}.${signature}`
    },
    "tampered signature": ({ claims, pem }) => {
      const jwt = sign(rs256, claims, pem)
      const at = jwt.length - 20
      return `${jwt.slice(0, at)}${jwt[at] === "A" ? "B" : "A"}${jwt.slice(at + 1)}`
    },
    "a second spelling of the signature": ({ claims, pem }) => {
      const jwt = sign(rs256, claims, pem)
      // 2048 bits leave unused bits in the last character: its neighbour decodes to the same bytes.
      return `${jwt.slice(0, -1)}${String.fromCodePoint((jwt.codePointAt(jwt.length - 1) ?? 0) + 1)}`
    },
    "a padded segment": ({ claims, pem }) => `${sign(rs256, claims, pem)}==`,
    "two segments": ({ claims, pem }) => sign(rs256, claims, pem).split(".").slice(0, 2).join("."),
    "four segments": ({ claims, pem }) => `${sign(rs256, claims, pem)}.x`,
    "an empty signature": ({ claims }) => `${encode(rs256)}.${encode(claims)}.`,
    "no JWT at all": () => "crs_19c9bd530ccd3e1187eed12dc4edb70abe757fc4c7be9c5b"
  }
  for (const [name, make] of Object.entries(hostile)) {
    it.effect(
      name,
      Effect.fnUntraced(function* () {
        const jwt = make(yield* setting)
        const answer = yield* outcome(jwt)
        assert.isObject(answer)
        if (typeof answer === "string") return
        assert.strictEqual(answer.status, 401)
        assert.notInclude(JSON.stringify(answer.message), jwt)
      }, atNow())
    )
  }

  it.effect(
    "by the exact second: exp reached, exp beyond 10 minutes, and what lies just within",
    Effect.fnUntraced(function* () {
      const { claims, pem } = yield* setting
      const { control } = yield* Simulator
      const at = (exp: number) => outcome(sign(rs256, { ...claims, exp: now + exp }, pem))
      const expired = { status: 401, message: "JWT has expired" }
      const tooLong = { status: 401, message: "JWT expires more than 600 seconds from now" }
      for (const tolerance of [0, 5]) {
        yield* control.setBehaviour({ jwtClockTolerance: Duration.seconds(tolerance) })
        assert.deepStrictEqual(yield* at(-tolerance - 1), expired)
        assert.deepStrictEqual(yield* at(-tolerance), expired)
        assert.strictEqual(yield* at(1 - tolerance), "accepted")
        assert.strictEqual(yield* at(600 + tolerance), "accepted")
        assert.deepStrictEqual(yield* at(601 + tolerance), tooLong)
      }
    }, atNow())
  )

  it.effect(
    "with 403 where that is what the switch says",
    Effect.fnUntraced(
      function* () {
        yield* setting
        const answer = yield* outcome("x.y.z")
        assert.deepStrictEqual(answer, { status: 403, message: "JWT is malformed" })
      },
      atNow({ behaviour: { refusedJwtStatus: 403 } })
    )
  )

  it.effect(
    "five seconds late or early under the profile strict, not under documented",
    Effect.fnUntraced(function* () {
      const { claims, pem } = yield* setting
      const late = sign(rs256, { ...claims, exp: now - 4 }, pem)
      assert.strictEqual(yield* outcome(late), "accepted")
      yield* (yield* Simulator).control.setBehaviour({ jwtClockTolerance: Duration.zero })
      assert.deepStrictEqual(yield* outcome(late), { status: 401, message: "JWT has expired" })
    }, atNow())
  )

  it.effect(
    "once its key is revoked, and with any older key after a rotation",
    Effect.fnUntraced(function* () {
      const { claims, pem } = yield* setting
      const { control } = yield* Simulator
      const fresh = yield* control.rotateKey()
      assert.isObject(yield* outcome(sign(rs256, claims, pem)))
      const jwt = yield* appJwt({}, fresh.privateKey)
      assert.strictEqual(yield* outcome(jwt), "accepted")
      yield* control.revokeKey(fresh.fingerprint)
      assert.isObject(yield* outcome(jwt))
    }, atNow())
  )

  it.effect(
    "by the profile strict when the claim alg contradicts the header",
    Effect.fnUntraced(
      function* () {
        const { claims, pem } = yield* setting
        const jwt = jsonwebtoken.sign({ ...claims, alg: "HS256" }, pem, { algorithm: "RS256" })
        assert.deepStrictEqual(
          yield* Effect.flatMap(
            call("GET", "/app/installations?limit=1&page=0", jwt, { "x-icr-api-version": "2023-06-16" }),
            errorOf
          ),
          {
            status: 401,
            message: "JWT claim alg must be RS256"
          }
        )
      },
      atNow({ profile: "strict" })
    )
  )
})
