/**
 * Reads serials such as `ICR-ISL-354-78040-14-R-0-2021`.
 *
 * **Gotchas**: a heuristic. The registry documents no meaning of the parts; integrators take the fourth for the
 * project's number and the last for the vintage. Do not decide anything about money by it: `public.findProject({
 * serialization })` asks the registry.
 *
 * ```ts
 * import { parse } from "@effect-icr/registry/domain/Serial"
 * import { Option } from "effect"
 * import * as assert from "node:assert"
 *
 * const serial = Option.getOrThrow(parse("ICR-ISL-354-78040-14-R-0-2021"))
 * assert.deepStrictEqual([serial.country, serial.projectNumber, serial.vintage], ["ISL", "78040", "2021"])
 * ```
 *
 * @module
 */
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

/**
 * The parts of a serial that integrators rely on.
 *
 * @category models
 * @since 0.1.0
 */
export interface Serial {
  /** Such as `ICR`. */
  readonly registry: string
  /** ISO 3166-1 alpha-3, such as `ISL`. */
  readonly country: string
  /** Such as `78040`. */
  readonly projectNumber: string
  /** Such as `2021`. */
  readonly vintage: string
  /** All parts in their order, those without a known meaning included. */
  readonly parts: ReadonlyArray<string>
}

const form = /^[A-Z]{2,6}-[A-Z]{3}-\d+-\d+(?:-[A-Za-z0-9]+)*-\d{4}$/

/**
 * The parts of a serial, or `None` for a text of another form.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (serialization: string): Option.Option<Serial> => {
  const text = Predicate.isString(serialization) ? serialization.trim() : ""
  if (!form.test(text)) return Option.none()
  const parts = text.split("-")
  const [registry = "", country = "", , projectNumber = ""] = parts
  return Option.some({ registry, country, projectNumber, vintage: parts.at(-1) ?? "", parts })
}
