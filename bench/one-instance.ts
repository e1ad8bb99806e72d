// A registry of one instance, for measurements without one.
import type { InstanceSource } from "../ts-runtime/src/client/index.ts";

export function oneInstance(port: number): InstanceSource {
  return {
    url: "http://registry.test",
    watch: () => ({
      current: [{ address: "127.0.0.1", port, meta: {} }],
      async *[Symbol.asyncIterator]() {},
      [Symbol.dispose]() {},
    }),
  };
}
