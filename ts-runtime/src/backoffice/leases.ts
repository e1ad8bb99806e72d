// Who does which work now.
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { BackofficeParts, Methods } from "./parts.ts";

export function leaseMethods({ cluster }: BackofficeParts): Methods<"listLeases"> {
  return {
    async listLeases() {
      const leases = (await cluster?.leases()) ?? [];
      return {
        leases: leases
          .toSorted((a, b) => (a.name === b.name ? a.range - b.range : a.name < b.name ? -1 : 1))
          .map(({ name, range, owner, epoch, expiresInMs }) => ({
            work: name,
            range,
            owner,
            epoch,
            expiresIn: durationFromMs(Math.max(0, Math.round(expiresInMs))),
          })),
      };
    },
  };
}
