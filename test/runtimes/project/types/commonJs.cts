/** A CommonJS program: Node loads ES modules by `require` since 22.12, and the compilers know. */
import app = require("@effect-icr/app/IcrApp")
import registry = require("@effect-icr/registry")
import webhooks = require("@effect-icr/webhooks")

export const services = [app.IcrApp, registry.Registry, webhooks.Webhook]
