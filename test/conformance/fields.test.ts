/** Fields of descriptions as registries write them: OpenAPI 3.0 and 3.1, references, alternatives. */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { describe as describeDocument, successFields } from "./description.ts"
import { answeredFields, describedFields, type Fields } from "./fields.ts"

const shown = (fields: Fields) =>
  Object.fromEntries(
    Array.from(fields, ([path, { isOpen, kinds, required }]) => [
      path,
      `${[...kinds].join("|")}${required ? "" : "?"}${isOpen ? "*" : ""}`
    ])
  )

const schemas: { readonly [name: string]: readonly [schema: unknown, fields: { readonly [path: string]: string }] } = {
  "members, required or not": [
    { properties: { id: { type: "string" }, num: { type: "integer" } }, required: ["id"] },
    { "": "object", id: "string", num: "number?" }
  ],
  "lists of references": [
    { type: "array", items: { $ref: "#/components/schemas/Ref" } },
    { "": "array", "[]": "object", "[].id": "string" }
  ],
  "null, as 3.0 and as 3.1 write it": [
    { properties: { a: { type: "string", nullable: true }, b: { type: ["string", "null"] } }, required: ["a", "b"] },
    { "": "object", a: "string|null", b: "string|null" }
  ],
  "alternatives: required where all of them require it": [
    {
      oneOf: [
        { properties: { id: {}, a: { type: "string" } }, required: ["id", "a"] },
        { properties: { id: {} }, required: ["id"] },
        { type: "null" }
      ]
    },
    { "": "object|null", id: "any", a: "string?" }
  ],
  "everything at once": [
    { allOf: [{ $ref: "#/components/schemas/Ref" }, { properties: { name: { type: "string" } }, required: ["name"] }] },
    { "": "object", id: "string", name: "string" }
  ],
  "an object with any keys": [{ type: "object", additionalProperties: { type: "string" } }, { "": "object*" }],
  nothing: [{}, { "": "any" }],
  "a reference to nowhere": [{ $ref: "#/components/schemas/Missing" }, { "": "any" }]
}

const document = {
  openapi: "3.0.0",
  paths: {
    "/v0.5/things/{thingId}": {
      get: {
        responses: { "200": { content: { "application/json": { schema: { $ref: "#/components/schemas/Ref" } } } } }
      }
    },
    "/v0.5/things/own": { get: { responses: { "204": {} } } },
    "/v0.5/accounts/{account}": {
      get: { responses: { "2XX": { content: { "application/json; charset=utf-8": { schema: { type: "array" } } } } } }
    }
  },
  components: {
    schemas: {
      Ref: { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
      Tree: { type: "object", properties: { child: { $ref: "#/components/schemas/Tree" } } },
      Loop: { $ref: "#/components/schemas/Loop" }
    }
  }
}

describe("the fields of a description", () => {
  for (const [name, [schema, fields]] of Object.entries(schemas)) {
    it(name, () => assert.deepStrictEqual(shown(describedFields(document, schema)), fields))
  }

  it("a schema that contains itself ends", () => {
    assert.isBelow(describedFields(document, { $ref: "#/components/schemas/Tree" }).size, 20)
    assert.strictEqual(describedFields(document, { $ref: "#/components/schemas/Loop" }).size, 1)
  })

  it("an operation is found with the version in its path, by any name of its parameters", () => {
    const found = Option.getOrThrow(describeDocument(document))
    const fieldsOf = (path: string) => Option.map(successFields(found, "GET", path), shown)
    assert.deepStrictEqual(fieldsOf("/things/{id}"), Option.some({ "": "object", id: "string" }))
    assert.deepStrictEqual(fieldsOf("/accounts/buffer"), Option.some({ "": "array" }))
    assert.deepStrictEqual(fieldsOf("/things/own"), Option.none())
    assert.deepStrictEqual(fieldsOf("/nothing"), Option.none())
  })

  it("what is no description is none", () => {
    for (const json of [undefined, "<html>", {}, { paths: [] }]) assert.isTrue(Option.isNone(describeDocument(json)))
  })
})

describe("the fields of an answer", () => {
  it("have the kinds that were seen", () => {
    assert.deepStrictEqual(shown(answeredFields({ list: [{ id: 1 }, { id: "a", none: null }] })), {
      "": "object?",
      list: "array?",
      "list[]": "object?",
      "list[].id": "number|string?",
      "list[].none": "null?"
    })
  })
})
