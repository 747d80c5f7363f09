/** The certificate of a retirement: a PDF of one page of plain text. */
import * as HttpServerResponse from "effect/http/HttpServerResponse"

/** A literal text of PDF. Letters outside Latin 1, which the standard fonts do not have, become question marks. */
const literal = (text: string) => `(${text.replace(/[^\x20-\x7e\xa0-\xff]/g, "?").replace(/[\\()]/g, "\\$&")})`

const lineHeight = 22

/** Writes lines of text as a PDF: objects, then a table of their offsets. */
export const pdf = (lines: ReadonlyArray<string>): Uint8Array<ArrayBuffer> => {
  const text = lines.map((line) => `${literal(line)} Tj T*`).join("\n")
  const stream = `BT /F1 12 Tf ${lineHeight} TL 72 760 Td\n${text}\nET`
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
  ]
  let file = "%PDF-1.4\n"
  const offsets: Array<string> = []
  for (const [index, object] of objects.entries()) {
    offsets.push(`${String(file.length).padStart(10, "0")} 00000 n \n`)
    file += `${index + 1} 0 obj\n${object}\nendobj\n`
  }
  const size = objects.length + 1
  const start = file.length
  file += `xref\n0 ${size}\n0000000000 65535 f \n${offsets.join("")}`
  file += `trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`
  return new Uint8Array(Buffer.from(file, "latin1"))
}

/** Answers with a PDF and its file name. */
export const answer = (lines: ReadonlyArray<string>, fileName: string) =>
  HttpServerResponse.uint8Array(pdf(lines), {
    contentType: "application/pdf",
    headers: { "content-disposition": `attachment; filename="${fileName}"` }
  })
