/** Where the dashboard's parts are served. The control interface has no action of these names. */

export const paths = {
  /** Receives every form. */
  press: "/_simulator/page",
  /** Answers with the parts that have changed. */
  live: "/_simulator/page/live",
  /** Answers with the fields of a kind of fault. */
  faultFields: "/_simulator/page/fault-fields",
  /** Folder of the style sheets and scripts. */
  assets: "/_simulator/page/assets"
} as const

/** Whether a request is one that an open dashboard repeats every second. */
export const isPoll = (url: string): boolean => url.startsWith(paths.live)
