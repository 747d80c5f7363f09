/** The text that the program prints on standard error at its start. */
import { exportLines, quote, signing } from "./shell.ts"

export interface BannerOptions {
  readonly baseUrl: string
  readonly appId: string
  readonly appNameId: string
  readonly webhookSecret: string
  readonly apiVersion: string
  readonly installationId: string | undefined
  readonly privateKeyFile: string | null
  readonly controlToken: string
}

/** Shell lines that make the simulator the registry of programs that read their configuration from the environment. */
const exports = (options: BannerOptions) => {
  const keyFile = options.privateKeyFile
  return [
    ...exportLines({
      ICR_BASE_URL: options.baseUrl,
      ICR_APP_ID: options.appId,
      ICR_APP_NAME_ID: options.appNameId,
      ICR_WEBHOOK_SECRET: options.webhookSecret,
      ...(keyFile === null ? {} : { ICR_PRIVATE_KEY_FILE: keyFile })
    }),
    ...(keyFile === null
      ? []
      : [
          `# A program that reads no key file: export ICR_PRIVATE_KEY="$(cat ${quote(keyFile)})" instead of the last line.`
        ])
  ]
}

/** Addresses, and commands that can be pasted into a shell. */
export const banner = (options: BannerOptions): string => {
  const { baseUrl } = options
  const head = `-H "Authorization: Bearer $JWT" -H 'x-icr-api-version: ${options.apiVersion}'`
  const calls =
    options.privateKeyFile === null
      ? ["# Start with --key-file PATH to get the app's private key and commands that sign with it."]
      : [
          ...signing(options.appId, quote(options.privateKeyFile)),
          `curl ${head} '${baseUrl}/app/installations?limit=10&page=0'`,
          ...(options.installationId === undefined
            ? []
            : [`curl -X POST ${head} ${baseUrl}/app/installations/${options.installationId}/accessTokens`])
        ]
  return [
    "",
    `# International Carbon Registry, simulated. Ctrl-C stops it.`,
    `# Page: ${baseUrl}/   API reference: ${baseUrl}/docs`,
    "",
    ...exports(options),
    "",
    ...calls,
    "",
    `# What an administrator of the registry would do:`,
    `curl -H 'Authorization: Bearer ${options.controlToken}' ${baseUrl}/_simulator/installations`,
    ""
  ].join("\n")
}
