/**
 * Quick decoding of what is as expected, which nearly everything is: a page of installations holds thousands of values.
 *
 * The schema alone says what is right. A reader only knows values, such as JSON has them, that its schema takes, and gives
 * what the schema gives for them. For all else it gives `undefined`, and the schema itself decodes the struct again and tells
 * what is wrong. Effect's registry of decoders is made for that: types, encoding, construction and errors stay the schema's.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import { invalid, missing, set } from "effect/schema/SchemaCompiler"

export { missing }

/** Reads a value, or `missing` where the key is not there. */
export type Reader<A> = (value: unknown) => A | undefined

const readers = new WeakMap<Schema.Constraint, Reader<unknown>>()

/** The schema, with a quick way to read it as the field of a struct. */
export const quick = <S extends Schema.Constraint>(schema: S, read: Reader<S["Type"]>): S => {
  readers.set(schema, read)
  return schema
}

/** The schema, where it takes a value as it is whenever a predicate holds. */
export const quickWhen = <S extends Schema.Constraint>(schema: S, is: Predicate.Predicate<unknown>): S => {
  readers.set(schema, (value) => (is(value) ? value : undefined))
  return schema
}

/** Reads in the schema's own way. */
export const inFull = <A>(schema: Schema.ConstraintDecoder<A>): Reader<A> => {
  const decode = Schema.decodeUnknownExit(schema)
  return (value) => {
    const exit = decode(value)
    return Exit.isSuccess(exit) ? exit.value : undefined
  }
}

type Fields = { readonly [name: string]: Schema.ConstraintDecoder<unknown> }

/** A struct whose fields are read quickly, each in its own way where it has one. */
export const quickStruct = <const F extends Fields>(fields: F): Schema.Struct<F> => {
  const struct = Schema.Struct(fields)
  const entries = Object.entries<Schema.ConstraintDecoder<unknown>>(fields).map(([name, schema]) => ({
    name,
    read: readers.get(schema) ?? inFull(schema)
  }))
  // Keys that are there already are set in less time than keys that are added one by one.
  const blank: { readonly [name: string]: unknown } = Object.fromEntries(entries.map(({ name }) => [name, undefined]))
  // The same fields once more: this decoder must not meet itself.
  const decode = SchemaParser.decodeUnknownEffect(Schema.Struct(fields))
  set(struct.ast, {
    decode: (input, { onExcessProperty }) => {
      if (!Predicate.isReadonlyObject(input) || onExcessProperty !== undefined) return invalid
      const output = { ...blank }
      for (const { name, read } of entries) {
        const value = input[name]
        const known = read(value === undefined && !(name in input) ? missing : value)
        if (known === undefined) return invalid
        output[name] = known
      }
      return output
    },
    decodeEffect: (input, options) => (input === missing ? Effect.succeed(missing) : decode(input, options))
  })
  return struct
}
