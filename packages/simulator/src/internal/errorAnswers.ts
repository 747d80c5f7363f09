/** Error answers in the form of the registry's. */
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

export const statusNames: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  409: "Conflict",
  413: "Payload Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Entity",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout"
}

/** The error body for a status. */
export const errorBody = (status: number, message = statusNames[status] ?? "Error") => ({
  statusCode: status,
  message,
  error: statusNames[status] ?? "Error"
})

/** An answer with the error body. */
export const errorAnswer = (status: number, message: string) =>
  HttpServerResponse.jsonUnsafe(errorBody(status, message), { status })

/** Logs a defect and answers with 500. */
export const failed = (defect: unknown) =>
  Effect.as(Effect.logError("the simulator failed", defect), errorAnswer(500, "Internal server error"))

/** Largest body of a request. The largest bodies in use, scripts of faults, have some kilobytes. */
export const maxBodySize = ByteSize.mebibytes(1)

/** Says that a body exceeds {@link maxBodySize}. */
export const bodyTooLarge = "The body is larger than 1 MiB"

/** Whether an error or a defect says that a body exceeds `MaxBodySize`. */
export const isBodyTooLarge = (error: unknown): boolean =>
  HttpServerError.isHttpServerError(error) &&
  error.reason._tag === "RequestParseError" &&
  error.reason.reason === "BodyTooLarge"

/** Gives what a handler leaves to the platform the error body: a refused content type or body, and a defect. */
export const complete = <E, R>(handler: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
  handler.pipe(
    Effect.map((response) => (response.status === 415 ? errorAnswer(415, "Unsupported content type") : response)),
    // A body that the API's own decoding cannot read is a defect.
    Effect.catchDefect((defect) =>
      isBodyTooLarge(defect) ? Effect.succeed(errorAnswer(413, bodyTooLarge)) : failed(defect)
    )
  )
