// @samspel/registry/grpc-js: `consul:` targets for stock @grpc/grpc-js channels.
export {
  registerConsulResolver,
  type ConsulResolverHandle,
  type ConsulResolverOptions,
} from "./register-consul-resolver.ts";
export { leastLoaded, registerLeastLoaded } from "./least-loaded.ts";
export {
  identityChannelCredentials,
  identityServerCredentials,
  type ChannelIdentityOptions,
  type ServerIdentityOptions,
} from "./credentials.ts";
