/** The same with octokit's token cache alone. */
import { createAppAuth } from "@octokit/auth-app"
import { request } from "@octokit/request"

const { ICR_APP_ID, ICR_BASE_URL, ICR_PRIVATE_KEY } = process.env
const auth = createAppAuth({
  appId: ICR_APP_ID,
  privateKey: ICR_PRIVATE_KEY,
  request: request.defaults({ baseUrl: ICR_BASE_URL })
})

await auth({ type: "installation", installationId: 1 })
await auth({ type: "installation", installationId: 1 })
