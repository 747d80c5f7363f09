/** The words of the reasons' messages. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { AnswerInfo, CallInfo, RefusedCredential, Tried } from "./fields.ts"

/** The name of what was refused, and what to look at. */
export const refusedCredential: {
  readonly [C in RefusedCredential | "unknown"]: { readonly name: string; readonly advice: string }
} = {
  jwt: { name: "the app JWT", advice: "check the app id and the private key" },
  appToken: { name: "the app token", advice: "check that the endpoint takes one" },
  installationToken: {
    name: "the installation's token",
    advice: "check that the endpoint takes one, then check the installation"
  },
  unknown: { name: "the credential", advice: "check the app id, the private key and the installation" }
}

/** ` (also with a new token)`, or nothing. */
export const triedText: { readonly [T in Tried]: string } = {
  nothing: "",
  sameToken: " (several times with the same token)",
  newToken: " (also with a new token)",
  sameThenNewToken: " (several times with the same token, then with a new one)",
  newJwt: " (also with a new JWT by the registry's clock)"
}

/** Whether the call was a write that was sent, so that the registry may have done it. */
export const mayBeWritten = ({ attempts, idempotent, isDone }: CallInfo) =>
  !idempotent && attempts > 0 && isDone === undefined

interface MayHaveHappened {
  readonly mayHaveHappened: boolean
}

/** What is known of a failure and what to do about it: after a write that may have been done, always to look first. */
export const withAdvice = ({ mayHaveHappened }: MayHaveHappened, known: string, advice?: string) => {
  const then = mayHaveHappened ? "it may have been done; look before sending it again" : advice
  return then === undefined ? known : `${known}; ${then}`
}

/** ` after 3 attempts`, when there were several. */
export const afterAttempts = (attempts: number) => (attempts > 1 ? ` after ${attempts} attempts` : "")

/** The call by name, method, path, and page of a list. */
export const callText = ({ method, operation, page, path }: CallInfo) =>
  `${operation} (${method} ${path}${page === undefined ? "" : `, page ${page}`})`

/** One sentence: which call, what became of it, and what to do about it. */
export const outcomeText = (reason: CallInfo & MayHaveHappened, outcome: string) =>
  `${callText(reason)} ${withAdvice(reason, outcome)}.`

const registryWords = (reason: AnswerInfo) =>
  reason.registryMessage.length === 0 ? "" : `, saying "${reason.registryMessage.join("; ")}"`

/** One sentence: which call, what the registry answered and said, and what to do about it. */
export const answerText = (reason: AnswerInfo, advice: string) =>
  reason.status === undefined
    ? `${callText(reason)} sent nothing: ${advice}.`
    : `${callText(reason)} answered ${reason.status}${afterAttempts(reason.attempts)}${registryWords(reason)}: ${advice}.`

/**
 * Whether the registry or a gateway says that it has no such endpoint, as their frameworks do by themselves. A path that looked
 * like a credential has been redacted.
 */
export const isNoRoute = (registryMessage: ReadonlyArray<string>) =>
  registryMessage.some((text) => /^Cannot [A-Z]+ [/<]|^no Route matched/.test(text))

/** Whether the message says no more than any server says of a wrong address. */
export const isWordless = (registryMessage: ReadonlyArray<string>) =>
  registryMessage.every((text) => /^not found\.?$/i.test(text))

/** Whole seconds, rounded up. */
export const secondsText = (duration: Duration.Duration) => `${Math.ceil(Duration.toSeconds(duration))} s`

/** When to try again. */
export const tryAgainText = (retryAfter: Option.Option<Duration.Duration>) =>
  Option.isSome(retryAfter) ? `try again in ${secondsText(retryAfter.value)}` : "try again later"

/** Without a connection nothing can have been written. */
export const neverSent: ReadonlySet<string> = new Set(["dns", "refused", "tls"])
