// The door, and `samspel/gateway`: one public port before all services of a registry.
export { GatewayError } from "./gateway-error.ts";
export type { CorsOptions, GatewayOptions, JwtOptions, RateLimit } from "./options.ts";
export { startGateway, type Gateway } from "./start-gateway.ts";
export { readGatewayConfig } from "./read-config.ts";
