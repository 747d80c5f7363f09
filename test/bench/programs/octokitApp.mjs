/** The same with octokit's app. */
import { App } from "@octokit/app"
import { Octokit } from "@octokit/core"

const { ICR_APP_ID, ICR_BASE_URL, ICR_PRIVATE_KEY } = process.env
const app = new App({
  appId: ICR_APP_ID,
  privateKey: ICR_PRIVATE_KEY,
  Octokit: Octokit.defaults({ baseUrl: ICR_BASE_URL })
})

const octokit = await app.getInstallationOctokit(1)
await octokit.auth({ type: "installation" })
await octokit.auth({ type: "installation" })
