// Waiting, and how it ended: who waits keeps a note of it.
import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceImpl } from "@connectrpc/connect";
import { WaitEnd, type ScenarioService } from "../../gen/samspel/scenario/v1/scenario_pb.ts";

export function waitMethods(): Pick<ServiceImpl<typeof ScenarioService>, "wait" | "waited"> {
  const ends = new Map<string, WaitEnd>();
  return {
    async wait({ id, ms }, { signal, timeoutMs }) {
      const leftMs = timeoutMs() ?? 0;
      ends.set(id, WaitEnd.WAITING);
      try {
        await sleep(ms, undefined, { signal });
      } catch (error) {
        ends.set(id, WaitEnd.CANCELLED);
        throw error;
      }
      ends.set(id, WaitEnd.FINISHED);
      return { deadlineLeftMs: Math.max(0, Math.floor(leftMs)) };
    },

    waited: ({ id }) => ({ end: ends.get(id) ?? WaitEnd.UNSPECIFIED }),
  };
}
