/** Groups of endpoints about organizations, their credits, and retirements. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as Credits from "../../Credits.ts"
import * as ErrorBody from "../../ErrorBody.ts"
import * as Retirements from "../../Retirements.ts"
import * as Wire from "../../Wire.ts"
import { AccessToken, Validation } from "./middleware.ts"
import { development, headers, ofOrganization, ofWrite, page, Pdf } from "./parts.ts"

const request = { ...ofOrganization.params, requestId: Schema.String }
const reservation = { ...ofOrganization.params, reservationId: Schema.String }

export const organizations = HttpApiGroup.make("Organizations")
  .add(
    HttpApiEndpoint.get("getOrganization", "/organizations/:id", {
      ...ofOrganization,
      success: Wire.Organization
    }).annotate(OpenApi.Summary, "Get an organization"),
    HttpApiEndpoint.get("getOrganizationAddresses", "/organizations/:id/addresses", {
      ...ofOrganization,
      success: Wire.Organization
    }).annotate(OpenApi.Summary, "Get the addresses of an organization"),
    HttpApiEndpoint.get("listOrganizationRetirements", "/organizations/:id/retirements", {
      ...ofOrganization,
      success: Retirements.OrganizationRetirements
    }).annotate(OpenApi.Summary, "Get the retirements of an organization"),
    HttpApiEndpoint.get("getOrganizationCertificate", "/organizations/:id/retirements/:retirementId/pdf", {
      ...ofOrganization,
      params: { ...ofOrganization.params, retirementId: Schema.String },
      success: Pdf
    }).annotate(OpenApi.Summary, "Get the certificate of an organization's retirement")
  )
  .middleware(AccessToken)
  .middleware(Validation)

export const inventory = HttpApiGroup.make("Inventory")
  .add(
    HttpApiEndpoint.get("getInventory", "/organizations/:id/inventory", {
      ...ofOrganization,
      query: development,
      success: Credits.Inventory
    }).annotate(OpenApi.Summary, "Get the inventory of an organization"),
    HttpApiEndpoint.get("listCreditRequests", "/organizations/:id/inventory/requests", {
      ...ofOrganization,
      query: page,
      success: Credits.CreditRequestPage,
      error: [...ofOrganization.error, ErrorBody.BadRequest]
    }).annotate(OpenApi.Summary, "Get the credit requests of an organization"),
    HttpApiEndpoint.get("getCreditRequest", "/organizations/:id/inventory/requests/:requestId", {
      ...ofOrganization,
      params: request,
      success: Credits.CreditRequest
    }).annotate(OpenApi.Summary, "Get a credit request"),
    HttpApiEndpoint.post("createCreditRequest", "/organizations/:id/inventory/requests/:action", {
      ...ofWrite,
      params: { ...ofWrite.params, action: Credits.CreditAction },
      payload: Credits.NewCreditRequest,
      success: Credits.CreditRequest
    }).annotate(OpenApi.Summary, "Request an action on credits of the inventory")
  )
  .middleware(AccessToken)
  .middleware(Validation)

export const warehouse = HttpApiGroup.make("Warehouse")
  .add(
    HttpApiEndpoint.get("getWarehouseInventory", "/organizations/:id/warehouse/inventory", {
      ...ofOrganization,
      query: development,
      success: Credits.Warehouse,
      error: [...ofOrganization.error, ErrorBody.BadRequest]
    }).annotate(OpenApi.Summary, "Get the warehouse inventory of an organization"),
    HttpApiEndpoint.get("listReservations", "/organizations/:id/warehouse/inventory/reservations", {
      ...ofOrganization,
      query: page,
      success: Credits.Reservations,
      error: [...ofOrganization.error, ErrorBody.BadRequest]
    }).annotate(OpenApi.Summary, "Get the reservations of a warehouse"),
    HttpApiEndpoint.post("createReservation", "/organizations/:id/warehouse/inventory/reservations", {
      ...ofWrite,
      payload: Credits.NewReservation,
      success: Credits.Reservation
    }).annotate(OpenApi.Summary, "Reserve credits of a warehouse"),
    HttpApiEndpoint.get("getReservation", "/organizations/:id/warehouse/inventory/reservations/:reservationId", {
      ...ofOrganization,
      params: reservation,
      success: Credits.Reservation
    }).annotate(OpenApi.Summary, "Get a reservation"),
    HttpApiEndpoint.delete("deleteReservation", "/organizations/:id/warehouse/inventory/reservations/:reservationId", {
      ...ofWrite,
      params: reservation,
      success: Credits.Reservation
    }).annotate(OpenApi.Summary, "Cancel a reservation"),
    HttpApiEndpoint.post(
      "finishReservation",
      "/organizations/:id/warehouse/inventory/reservations/:reservationId/:action",
      {
        ...ofWrite,
        params: { ...reservation, action: Credits.FinishAction },
        payload: Credits.FinishReservation,
        success: Credits.Reservation
      }
    ).annotate(OpenApi.Summary, "Finish a reservation")
  )
  .middleware(AccessToken)
  .middleware(Validation)

export const retirements = HttpApiGroup.make("Retirements")
  .add(
    HttpApiEndpoint.get("listRetirements", "/retirements/list", {
      headers,
      query: {
        skip: Schema.optionalKey(Schema.Finite.annotate({ description: "The amount of items to skip" })),
        first: Schema.optionalKey(Schema.Finite.annotate({ description: "The amount of items to return" }))
      },
      success: Retirements.RetirementList,
      error: ErrorBody.BadRequest
    }).annotate(OpenApi.Summary, "Get all retirements"),
    HttpApiEndpoint.get("getRetirement", "/retirements", {
      headers,
      query: { id: Schema.String },
      success: Retirements.Retirement,
      error: ErrorBody.NotFound
    }).annotate(OpenApi.Summary, "Get a retirement"),
    HttpApiEndpoint.get("getCertificate", "/retirements/:retirementId/pdf", {
      headers,
      params: { retirementId: Schema.String },
      success: Pdf,
      error: ErrorBody.NotFound
    }).annotate(OpenApi.Summary, "Get the certificate of a retirement")
  )
  .middleware(AccessToken)
  .middleware(Validation)

export const credits = HttpApiGroup.make("Credits")
  .add(
    HttpApiEndpoint.get("getProjectCredits", "/carbonCredits/projects/:id", {
      headers,
      params: { id: Schema.String },
      success: Retirements.ProjectCredits,
      error: ErrorBody.NotFound
    }).annotate(OpenApi.Summary, "Get the credits of a project"),
    HttpApiEndpoint.get("getAccountCredits", "/carbonCredits/icr/inventory/:account", {
      headers,
      params: { account: Schema.Literals(["buffer", "adjustment", "organization"]) },
      success: Retirements.AccountCredits
    }).annotate(OpenApi.Summary, "Get the credits of an account of the registry itself")
  )
  .middleware(AccessToken)
  .middleware(Validation)
