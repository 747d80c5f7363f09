import { RetirementId } from "@effect-icr/registry"
import { Registry } from "@effect-icr/registry/Registry"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Stream } from "effect"
import { makeFake, registryLayer, seller } from "./support/fake.ts"

const own = "/organizations/seller-organization"

describe("certificates", () => {
  const pdf = new TextEncoder().encode("%PDF-1.4")
  const download = (disposition: string | undefined) => {
    const fake = makeFake()
    fake.answer = () => ({
      body: pdf,
      headers: disposition === undefined ? {} : { "content-disposition": disposition }
    })
    return Effect.gen(function* () {
      const registry = yield* Registry
      const publicly = yield* registry.public.certificate(RetirementId.make("2"))
      const { content, fileName } = yield* registry.organization(seller).certificate(RetirementId.make("2"))
      assert.deepStrictEqual(publicly.fileName, fileName)
      assert.deepStrictEqual(
        fake.seen.map(({ accept, path }) => `${path} ${accept}`),
        ["/retirements/2/pdf application/pdf", `${own}/retirements/2/pdf application/pdf`]
      )
      const bytes = Buffer.concat(yield* Stream.runCollect(content))
      assert.strictEqual(bytes.toString(), "%PDF-1.4")
      return fileName
    }).pipe(Effect.provide(registryLayer(fake)))
  }

  it.effect("come with the name the registry gives them, whatever form it is written in, without a folder", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* download('attachment; filename="certificate 2.pdf"'),
        Option.some("certificate 2.pdf")
      )
      assert.deepStrictEqual(yield* download("attachment; filename=certificate.pdf"), Option.some("certificate.pdf"))
      assert.deepStrictEqual(yield* download("attachment; filename*=UTF-8''%C3%9Eor.pdf"), Option.some("Þor.pdf"))
      assert.deepStrictEqual(yield* download('attachment; filename="../../etc/passwd"'), Option.some("passwd"))
      assert.deepStrictEqual(yield* download('attachment; filename="a\\\\b.pdf"'), Option.some("b.pdf"))
      for (const none of [undefined, "", "attachment", 'attachment; filename=""', 'attachment; filename=".."']) {
        assert.isTrue(Option.isNone(yield* download(none)), none)
      }
    })
  )

  for (const [written, saved] of [
    ["certificate.pdf", "certificate.pdf"],
    ["Þór & sons (2).pdf", "Þór & sons (2).pdf"],
    ["a\0b.pdf", "ab.pdf"],
    ["a\r\nb\u0085\u2028.pdf", "ab.pdf"],
    ["a\u001b[2Jb.pdf", "a[2Jb.pdf"],
    ["invoice\u202efdp.exe", "invoicefdp.exe"],
    ["\u2066a\u2069\u200b\ufeff.pdf", "a.pdf"],
    ["C:evil.pdf", "evil.pdf"],
    ["c:\\temp\\evil.pdf", "evil.pdf"],
    ["\u200fC:evil.pdf", "evil.pdf"],
    ["evil.pdf:stream", "evil.pdf_stream"],
    ["../..\\../a.pdf", "a.pdf"],
    ["CON", "_CON"],
    ["con.pdf", "_con.pdf"],
    ["Aux.tar.gz", "_Aux.tar.gz"],
    ["nul .pdf", "_nul .pdf"],
    ["C:PRN", "_PRN"],
    ["COM1", "_COM1"],
    ["lpt9.pdf", "_lpt9.pdf"],
    ["com¹", "_com¹"],
    ["CONTRACT.pdf", "CONTRACT.pdf"],
    ["COM10.pdf", "COM10.pdf"],
    ["a.pdf. . ", "a.pdf"],
    ['a<b>|?*".pdf', "a_b_____.pdf"],
    [" . ", undefined],
    ["..", undefined],
    ["\u202e", undefined],
    ["C:", undefined],
    ["a/", undefined]
  ] as const) {
    it.effect(`come with a name that can be saved under: ${JSON.stringify(written)}`, () =>
      Effect.map(download(`attachment; filename*=UTF-8''${encodeURIComponent(written)}`), (name) =>
        assert.deepStrictEqual(name, Option.fromUndefinedOr(saved))
      )
    )
  }

  const body = (size: number) => {
    const fake = makeFake()
    fake.answer = () => ({ body: new Uint8Array(size).fill(37) })
    return fake
  }

  it.effect("come from memory: the stream may be run again, and what the network does then does not matter", () => {
    const fake = body(1000)
    return Effect.gen(function* () {
      const { content } = yield* (yield* Registry).public.certificate(RetirementId.make("2"))
      fake.answer = () => undefined
      fake.fault = () => "resetBefore"
      for (let times = 0; times < 2; times++) {
        assert.strictEqual(Buffer.concat(yield* Stream.runCollect(content)).length, 1000)
      }
      assert.strictEqual(fake.seen.length, 1)
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("are bounded by maxBodyBytes: a longer one fails when it is asked for, not in the stream", () =>
    Effect.gen(function* () {
      for (const [size, expected] of [
        [1000, "1000 bytes"],
        [1001, "DecodeFailure"]
      ] as const) {
        const download = Effect.flatMap(Registry, (registry) => registry.public.certificate(RetirementId.make("2")))
        const found = yield* download.pipe(
          Effect.flatMap(({ content }) => Stream.runCollect(content)),
          Effect.map((chunks) => `${Buffer.concat(chunks).length} bytes`),
          Effect.catchTag("IcrError", ({ reason }) => Effect.succeed(reason._tag)),
          Effect.provide(registryLayer(body(size), {}, { retry: false, maxBodyBytes: 1000 }))
        )
        assert.strictEqual(found, expected)
      }
    })
  )
})
