/** A receiver that remembers what came, and answers with one status. */
export const receiver = (status = 202) => {
  const seen: Array<{ readonly body: string; readonly signature: string | null; readonly type: string | null }> = []
  const receive = async (request: Request) => {
    seen.push({
      body: await request.text(),
      signature: request.headers.get("x-icr-signature-256"),
      type: request.headers.get("content-type")
    })
    return new Response(null, { status })
  }
  return { seen, receive }
}
