/** What headers can carry. The transports differ in what they do about the rest: a defect, a lost connection, or nothing. */
import type * as Headers from "effect/http/Headers"

const nameForm = /^[\w!#$%&'*+.^`|~-]+$/
const valueForm = /^[\t\u0020-\u007e\u0080-\u00ff]*$/

/** Why headers cannot be sent, or undefined when they can. Names the header, never its value. */
export const whyNotCarried = (headers: Headers.Headers): string | undefined => {
  const found = Object.entries(headers).find(([name, value]) => !nameForm.test(name) || !valueForm.test(value))
  return found && `its header ${JSON.stringify(found[0].slice(0, 100))} has a character that no header can carry`
}
