/**
 * Which folder may import which: arrows are imports, types included, and they only point down. Read each list from the top: a
 * folder may import those below it, never those above, and nothing in a circle.
 */
const folders = {
  packages: ["cli", "testing", "redis", "registry", "webhooks", "app"],
  "packages/app/src": ["app", "tokens", "http", "signer", "cache", "config", "errors", "domain", "clock"],
  "packages/webhooks/src": ["webhooks", "install", "mac"],
  "packages/registry/src": [
    "registry",
    "organization",
    "warehouse",
    "inventory",
    "public",
    "uncertain",
    "calls",
    "permissions",
    "domain",
    "amounts"
  ],
  "packages/cli/src": ["commands", "environment", "failure", "output"]
}

/** One rule for each folder: nothing in it imports a folder above it. */
const arrowsDown = Object.entries(folders).flatMap(([root, names]) =>
  names.slice(1).map((name, index) => ({
    name: `${root}: nothing in ${name} imports a folder above it`,
    severity: "error",
    from: { path: `^${root}/${name}/` },
    to: { path: `^${root}/(${names.slice(0, index + 1).join("|")})/` }
  }))
)

export default {
  forbidden: [
    { name: "no circles, of types neither", severity: "error", from: {}, to: { circular: true } },
    ...arrowsDown,
    {
      name: "no package imports tests or examples",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^(test|examples)/" }
    },
    {
      name: "webhooks and registry do not know each other",
      severity: "error",
      from: { path: "^packages/(webhooks|registry)/" },
      to: { path: "^packages/(webhooks|registry)/", pathNot: "^packages/$1/" }
    },
    {
      name: "webhooks: deliveries and the install callback do not know each other",
      severity: "error",
      from: { path: "^packages/webhooks/src/install/" },
      to: { path: "^packages/webhooks/src/webhooks/" }
    },
    {
      name: "the simulator is the other side of the wire: it imports no other package",
      severity: "error",
      from: { path: "^packages/simulator/" },
      to: { path: "^packages/(?!simulator/)" }
    },
    {
      name: "only tests, examples, testing and cli import the simulator",
      severity: "error",
      from: { path: "^packages/(?!simulator/|testing/|cli/)" },
      to: { path: "^packages/simulator/" }
    },
    {
      name: "cli imports app, webhooks, registry and the simulator alone",
      severity: "error",
      from: { path: "^packages/cli/src/" },
      to: { path: "^packages/(?!cli/|app/|webhooks/|registry/|simulator/)" }
    },
    {
      name: "the internal folders of a package are closed to all others",
      severity: "error",
      from: { path: "^packages/([^/]+)/" },
      to: { path: "^packages/[^/]+/src/.*internal/", pathNot: "^packages/$1/" }
    },
    {
      name: "every import can be resolved",
      severity: "error",
      from: {},
      to: { couldNotResolve: true }
    }
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types"],
      extensions: [".ts", ".js"]
    }
  }
}
