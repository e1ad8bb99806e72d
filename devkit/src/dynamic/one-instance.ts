// A registry that knows one instance, for a call that goes there and nowhere else.
import type { InstanceState } from "@samspel/registry";
import type { ClientsOptions } from "@samspel/runtime";

export function oneInstance(url: string, instance: InstanceState | undefined): ClientsOptions["registry"] {
  const current = instance === undefined ? [] : [instance];
  return {
    url,
    watch: () => {
      const disposed = Promise.withResolvers<void>();
      return {
        current,
        async *[Symbol.asyncIterator]() {
          yield current;
          await disposed.promise;
        },
        [Symbol.dispose]: disposed.resolve,
      };
    },
  };
}
