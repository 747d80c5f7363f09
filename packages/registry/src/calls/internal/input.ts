/** What a program hands over, checked before anything is sent. Values of another type come from plain JavaScript. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { invalidRequest, pathSegment } from "@effect-icr/app/extension"
import type { IcrError } from "@effect-icr/app/IcrError"

const isId = Schema.is(pathSegment)

/** An id that is missing must not become `undefined` in a path, nor nothing in a body. */
export const checkId = (operation: string, name: string, id: string): Effect.Effect<void, IcrError> =>
  isId(id) ? Effect.void : Effect.fail(invalidRequest(operation, `${name} is no id`))
