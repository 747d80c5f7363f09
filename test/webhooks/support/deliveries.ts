/** Deliveries as a registry makes them, from the documents' description and from what was really seen. */
import { createHmac } from "node:crypto"

export const secret = "whsec_for_tests_only"

/** The shape of the printed payload (Webhook actions and payloads): organization as id, name and url; a sender. */
export const printed = (event = "installed") => ({
  event,
  installation: {
    id: "1",
    createdAt: "2022-03-14T11:01:55.941Z",
    updatedAt: "2022-03-14T11:01:55.941Z",
    organization: { id: "1", name: "Organization 1", url: "https://api.carbonregistry.com/organizations/1" },
    permissions: { organization_info: "VIEW", organization_inventory: "REQUEST" },
    appNameId: "app1",
    appId: "1",
    accessTokensUrl: "https://api.carbonregistry.com/app/installations/1/accessTokens"
  },
  sender: {
    id: "1",
    email: "admin@example.com",
    fullName: "An Admin",
    profilePicture: "https://example.com/picture.png"
  }
})

/** The printed shape of a transaction event. */
export const printedTransaction = (event = "warehouseTransaction") => ({
  ...printed(event),
  transaction: {
    id: "1",
    createdAt: "2022-03-14T11:01:55.941Z",
    updatedAt: "2022-03-14T11:01:55.941Z",
    status: "processed",
    type: "transfer",
    amount: 1.5,
    creditId: "exPost-2-0x51298f2f1142ecb129a2db5e6afd24f34f2e53f1"
  }
})

/** As a sandbox delivery was seen: empty texts, nulls, `undefined/` addresses, one permission, the organization in full. */
export const observed = {
  event: "uninstalled",
  installation: {
    id: "6f9619ff-8b86-4011-b42d-00c04fc964ff",
    appId: "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    appNameId: "some-connector",
    createdAt: "2024-03-20T10:00:00.123Z",
    updatedAt: "2024-03-21T10:00:00.456Z",
    permissions: { organization_info: "VIEW" },
    organization: {
      id: "7d444840-9dc0-41d1-b245-5ffdce74fad2",
      zip: "",
      city: "",
      logo: "https://files.example.com/undefined",
      type: "projectDeveloper",
      website: "",
      fullName: "A Developer ehf. — Þróun 🌱",
      isPublic: true,
      createdAt: "2024-01-01T00:00:00.000Z",
      updatedAt: "2024-01-01T00:00:00.000Z",
      countryCode: "IS",
      physicalAddress: "",
      registrationNumber: "",
      organizationIndustries: null,
      url: "undefined/organizations/7d444840-9dc0-41d1-b245-5ffdce74fad2"
    },
    accessTokensUrl: "undefined/app/installations/6f9619ff-8b86-4011-b42d-00c04fc964ff/accessTokens"
  },
  sender: {
    id: "9b2c7c11-5d0f-4a56-8b7a-0d3c7f1e2a10",
    url: "undefined/users/9b2c7c11-5d0f-4a56-8b7a-0d3c7f1e2a10",
    email: "person@example.com",
    fullName: "A Person",
    profilePicture: null
  }
}

export const hmac = (text: string, key = secret) => `sha256=${createHmac("sha256", key).update(text).digest("hex")}`

export const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64")

/** A delivery of `signed`, in an outer body that repeats it or says something else. */
export const delivery = (signed: unknown, { key = secret, outer = signed }: { key?: string; outer?: unknown } = {}) => {
  const signedData = base64(signed)
  return {
    body: JSON.stringify({ ...(typeof outer === "object" ? outer : {}), signedData }),
    signedData,
    signature: hmac(signedData, key)
  }
}

export const post = (given: {
  readonly body: string | Uint8Array<ArrayBuffer>
  readonly signature?: string | undefined
}) =>
  new Request("http://receiver.test/webhook", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(given.signature === undefined ? {} : { "x-icr-signature-256": given.signature })
    },
    body: given.body
  })
