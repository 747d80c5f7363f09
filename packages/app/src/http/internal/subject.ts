/** What calls are for. */
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { Credential } from "../Credential.ts"

/** What a call is for, whatever its request. */
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
  /** The id whose absence a 404 means, when it means that there is no such installation. */
  readonly notFound?: string | undefined
}

/** A request that is ready but for its credential. */
export interface Call extends Subject {
  readonly request: HttpClientRequest.HttpClientRequest
}
