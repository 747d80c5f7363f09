import { type Route, routes } from "../Route.ts"

const matchers = routes.map((route) => {
  const pattern = route.replace(/\{[^}]+\}/g, "[^/]+")
  return [route, new RegExp(`^${pattern}$`)] as const
})

/** The route of a request, or undefined for an unknown one. `path` has no query. */
export const matchRoute = (method: string, path: string): Route | undefined => {
  const known = `${method} ${path}`
  return routes.find((route) => route === known) ?? matchers.find(([, pattern]) => pattern.test(known))?.[0]
}
