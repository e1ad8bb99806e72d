// What waits in the outbox of a service.
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { outboxState } from "../outbox/index.ts";
import type { BackofficeParts, Methods } from "./parts.ts";

export function outboxMethods({ database }: BackofficeParts): Methods<"getOutbox"> {
  return {
    async getOutbox() {
      if (database === undefined) return {};
      const { streams, isCapped } = await outboxState(database);
      return {
        capped: isCapped,
        streams: streams.map(({ stream, waiting, scheduled, oldestMs }) => ({
          stream,
          due: BigInt(waiting),
          delayed: BigInt(scheduled),
          ...(waiting === 0 ? {} : { oldestAge: durationFromMs(Math.round(oldestMs)) }),
        })),
      };
    },
  };
}
