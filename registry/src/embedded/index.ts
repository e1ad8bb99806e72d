// @samspel/registry/embedded: a registry without a Consul, for development and tests.
export { startEmbeddedRegistry, type EmbeddedRegistry, type EmbeddedRegistryOptions } from "./server.ts";
