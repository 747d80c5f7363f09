/** What a call is about: its operation, its path, its credential. */
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { Credential } from "../Credential.ts"

/** What a call is about, apart from its request. */
export interface Subject {
  /** The public operation this is for, such as `IcrApp.installation`; names the span and stands in errors. */
  readonly operation: string
  /** With `{placeholders}`, such as `/app/installations/{installationId}`. */
  readonly path: string
  readonly credential: Credential
  /** Whether sending it twice does no harm. Only such requests are retried. */
  readonly idempotent: boolean
  /** A token exchange never waits for the rate limit, since the calls that do may be waiting for it. Default false. */
  readonly isExchange?: boolean | undefined
  /** The installation the call is about, for errors and spans. */
  readonly installation?: string | undefined
  /** Which page of a list, for errors. */
  readonly page?: number | undefined
  /** The id for `InstallationNotFound`, where a 404 means that there is no such installation. */
  readonly notFound?: string | undefined
}

/** A request that is ready but for its credential. */
export interface Call extends Subject {
  readonly request: HttpClientRequest.HttpClientRequest
}

/** What is wrong with a call's options, or undefined. Plain JavaScript may pass anything. */
export const whyNoCall = (given: unknown): string | undefined => {
  if (!Predicate.hasProperty(given, "operation") || !Predicate.isString(given.operation)) {
    return "the operation must be a text"
  }
  return Predicate.hasProperty(given, "credential") && Predicate.hasProperty(given.credential, "get")
    ? undefined
    : "the credential must be one, such as fixed(token)"
}

/** What is wrong with a request to an endpoint, or undefined. */
export const whyNoRequest = (given: unknown): string | undefined => {
  const problem = whyNoCall(given)
  if (problem !== undefined) return problem
  if (!Predicate.hasProperty(given, "path") || !Predicate.isString(given.path)) return "the path must be a text"
  return Predicate.hasProperty(given, "success") && Schema.isSchema(given.success)
    ? undefined
    : "success must be a Schema"
}
