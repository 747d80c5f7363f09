/** Names of files that come from elsewhere. */
import * as Option from "effect/Option"

/** Control characters (NUL, line ends), and those that show a name otherwise than it is: bidirectional, of no width. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Windows takes these for devices, whatever ending they have. */
const device = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?= *(?:\.|$))/i

/** What Windows allows in no file name; a colon would name a stream of a file. */
const forbidden = /[<>:"|?*]/g

/**
 * The last segment of a name, such that a program can save under it on any system: it chooses no folder, no drive, no
 * stream and no device, and is what it looks like. None where nothing is left.
 */
export const safeFileName = (given: string): Option.Option<string> => {
  const segment = given.replace(unseen, "").split(/[\\/]/).at(-1) ?? ""
  const withoutDrive = segment.trim().replace(/^[a-z]:/i, "")
  // Windows drops blanks and dots at the end.
  const name = withoutDrive
    .replace(forbidden, "_")
    .replace(/[. ]+$/, "")
    .trim()
  return name === "" ? Option.none() : Option.some(device.test(name) ? `_${name}` : name)
}
