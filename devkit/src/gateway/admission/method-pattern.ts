// Names of methods in the configuration: one, those of a service, or all.
import type { DescMethod } from "@bufbuild/protobuf";

/** `cart.v1.CartService/GetCart`, `cart.v1.CartService/*`, `cart.v1.*` or `*`. */
export function methodMatcher(pattern: string): (method: DescMethod) => boolean {
  if (pattern === "*") return () => true;
  if (!pattern.endsWith("*")) return (method) => `${method.parent.typeName}/${method.name}` === pattern;
  const start = pattern.slice(0, -1);
  return (method) => `${method.parent.typeName}/${method.name}`.startsWith(start);
}
