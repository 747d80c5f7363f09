/** Compares an amount of a list, which may be rounded, with an exact one. */
import * as BigDecimal from "effect/BigDecimal"
import * as Equal from "effect/Equal"
import { decimals, format, subtract, type Tonnes } from "../Tonnes.ts"

/**
 * Whether a list may show `wanted` as `shown`: digit for digit, rounded up or down to the decimals it shows, or as the
 * double that it kept.
 */
export const mayShow = (shown: Tonnes, wanted: Tonnes): boolean =>
  Equal.equals(shown, wanted) ||
  BigDecimal.isLessThan(BigDecimal.abs(subtract(shown, wanted).decimal), BigDecimal.make(1n, decimals(shown))) ||
  Number(format(shown)) === Number(format(wanted))
