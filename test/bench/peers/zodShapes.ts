/** The shapes of an installations page in zod, doing what our own schemas do: ids checked, times parsed, blanks folded. */
import { z } from "zod"

const id = z.string().regex(/^(?!(?:\.{1,2}|undefined|null|NaN)$)[\w.~:@+=,-]{1,200}$/)
const timestamp = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/)
  .transform((text, context) => {
    const date = new Date(text)
    if (Number.isNaN(date.getTime())) context.addIssue("not a date")
    return date
  })
const text = z
  .string()
  .nullish()
  .transform((value) => (value === null || value === "" ? undefined : value))
const orAbsent = <A>(value: A | null | undefined) => value ?? undefined
const counter = z.number().nullish().transform(orAbsent)

const industry = z.object({ code: text, name: text })

const organization = z.object({
  id,
  createdAt: timestamp,
  updatedAt: timestamp,
  fullName: z.string(),
  type: z.string().nullish().transform(orAbsent),
  countryCode: text,
  city: text,
  zip: text,
  physicalAddress: text,
  registrationNumber: text,
  website: text,
  logo: text,
  url: text,
  isPublic: z.boolean().nullish().transform(orAbsent),
  organizationIndustries: z
    .union([z.array(industry), industry])
    .nullish()
    .transform((value) => (value === null || value === undefined ? [] : Array.isArray(value) ? value : [value]))
})

const permissions = z
  .record(z.string(), z.string().nullable())
  .transform((levels) => Object.fromEntries(Object.entries(levels).filter(([, level]) => level !== null)))

const installation = z.object({
  id,
  createdAt: timestamp,
  updatedAt: timestamp,
  organization,
  permissions,
  appNameId: text,
  appId: id,
  accessTokensUrl: text
})

/** One page of `GET /app/installations`. */
export const installationPage = z.object({
  pagination: z.object({
    total: counter,
    currentPage: counter,
    pageCount: counter,
    nextPage: counter,
    prevPage: counter
  }),
  installations: z.array(installation)
})
