/** What several endpoints share. */
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as ErrorBody from "../../ErrorBody.ts"

export const headers = {
  "x-icr-api-version": Schema.optionalKey(Schema.String.annotate({ description: "API version", default: "2023-06-16" }))
}
/** Which page of a list. */
export const page = {
  limit: Schema.optionalKey(Schema.Finite.annotate({ description: "The amount of items to return", examples: [10] })),
  page: Schema.optionalKey(Schema.Finite.annotate({ description: "The page to return", examples: [0] }))
}

/** An endpoint below an organization. */
export const ofOrganization = {
  headers,
  params: { id: Schema.String },
  error: [ErrorBody.Forbidden, ErrorBody.NotFound]
} as const

/** A write whose refusal has the status that a switch gives. */
export const ofWrite = {
  ...ofOrganization,
  error: [...ofOrganization.error, ErrorBody.BadRequest, ErrorBody.Conflict, ErrorBody.UnprocessableEntity]
} as const

/** Selects the development inventory. */
export const development = { development: Schema.optionalKey(Schema.String) }

/** A certificate of retirement. */
export const Pdf = HttpApiSchema.asUint8Array({ contentType: "application/pdf" })(Schema.Uint8Array)
