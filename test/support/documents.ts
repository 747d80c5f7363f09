/** The JSON examples of the documents (Apps, v0.5), the judge of both sides of the wire. */

const permissions = {
  organization_info: "VIEW",
  organization_members: "VIEW",
  organization_projects: "VIEW",
  organization_inventory: "REQUEST",
  organization_warehouse: "WRITE"
}
const uuid = "123e4567-e89b-12d3-a456-426614174000"

export const appAccessToken = {
  id: uuid,
  createdAt: "2022-01-01T00:00:00Z",
  updatedAt: "2022-01-01T00:00:00Z",
  token: "crs_19c9bd530ccd3e1187eed12dc4edb70abe757fc4c7be9c5b",
  expiresAt: "2022-02-01T00:00:00Z",
  isActive: true,
  permissions,
  appId: "67890"
}

export const installationAccessToken = { ...appAccessToken, installationId: uuid, organizationId: uuid }

export const organization = {
  createdAt: "2022-01-01T00:00:00Z",
  updatedAt: "2022-01-01T00:00:00Z",
  fullName: "Organization 1",
  countryCode: "US",
  city: "New York",
  zip: "10001",
  physicalAddress: "123 Main St",
  registrationNumber: "123456",
  website: "http://example.com",
  logo: "logo.png",
  id: uuid,
  organizationIndustries: { code: "IND1", name: "Industry 1" },
  type: "projectProponent",
  isPublic: true,
  url: `https://api.carbonregistry.com/app/organizations/${uuid}`
}

export const installation = {
  id: uuid,
  createdAt: "2022-01-01T00:00:00Z",
  updatedAt: "2022-01-01T00:00:00Z",
  organization,
  permissions,
  appNameId: "app1",
  appId: uuid,
  accessTokensUrl: `https://api.carbonregistry.com/app/installations/${uuid}/accessTokens`
}

export const installationPage = {
  pagination: { total: 100, currentPage: 1, pageCount: 10, nextPage: 2, prevPage: 0 },
  installations: [installation]
}
