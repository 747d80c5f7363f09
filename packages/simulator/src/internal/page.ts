/** Markup of a plain page, which answers to any name and therefore loads nothing. */
import { type Html, html } from "./html.ts"

const style = html`<style>
  body {
    font:
      15px/1.45 system-ui,
      sans-serif;
    margin: 2rem auto;
    max-width: 72rem;
    padding: 0 1rem;
    color: #1b1f23;
  }
  code,
  pre {
    font:
      13px/1.4 ui-monospace,
      monospace;
    overflow-wrap: anywhere;
  }
  form {
    display: inline;
  }
  button {
    font: inherit;
    font-size: 13px;
    margin: 0 0.2rem 0.2rem 0;
  }
</style>`

/** Wraps a body in a complete page. */
export const frame = (title: string, body: Html): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${style}
      </head>
      <body>
        ${body}
      </body>
    </html>`.markup

/** Says why an action was not done. */
export const complaintPage = (message: string): string =>
  frame(
    "Not done",
    html`<h1>Not done</h1>
      <p>${message}</p>
      <p><a href="/">Back</a></p>`
  )
