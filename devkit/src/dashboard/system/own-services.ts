// Which of the toolkit's own services an instance serves. They are in no tag, so that nobody takes them for what a
// service is there for; so instances are asked by reflection.
//
//   O1. Each instance is asked once, when it is well, and again after a while, as another version may have its address.
//   O2. A few are asked at once, and only while somebody looks.
import { createClient, type Transport } from "@connectrpc/connect";
import type { InstanceState } from "@samspel/registry";
import { ServerReflection } from "@samspel/runtime/gen/grpc/reflection/v1/reflection_pb.js";

export interface OwnServicesOptions {
  readonly transportTo: (instance: InstanceState) => Promise<Transport>;
  /** Told when more is known. */
  readonly onChange: () => void;
}

export interface OwnServices {
  /** Their full names, sorted; none as long as it has not answered. */
  of(instance: InstanceState): readonly string[];
  /** Asks those that were not asked yet, and forgets those that are gone. */
  look(instances: readonly InstanceState[]): void;
}

const prefix = "samspel.v1.";
const askAgainMs = 60_000;
const timeoutMs = 5_000;
const asksAtOnce = 4;

interface Asked {
  readonly names: readonly string[];
  readonly againMs: number;
}

export function createOwnServices({ transportTo, onChange }: OwnServicesOptions): OwnServices {
  const asked = new Map<string, Asked>();
  const waiting = new Map<string, InstanceState>();
  let asking = 0;

  const ask = async (): Promise<void> => {
    asking += 1;
    for (const [id, instance] of waiting) {
      waiting.delete(id);
      const names = await namesOf(instance).catch((): readonly string[] | undefined => undefined);
      const before = asked.get(id)?.names ?? [];
      const now = names ?? before;
      asked.set(id, { names: now, againMs: performance.now() + askAgainMs });
      if (now.join(" ") !== before.join(" ")) onChange();
    }
    asking -= 1;
  };

  const namesOf = async (instance: InstanceState): Promise<readonly string[]> => {
    const client = createClient(ServerReflection, await transportTo(instance));
    for await (const { messageResponse } of client.serverReflectionInfo(listServices(), { timeoutMs })) {
      if (messageResponse.case !== "listServicesResponse") break;
      const names = messageResponse.value.service.map(({ name }) => name);
      return names.filter((name) => name.startsWith(prefix)).toSorted();
    }
    return [];
  };

  return {
    of: ({ id }) => asked.get(id)?.names ?? [],
    look(instances) {
      const now = performance.now();
      const ids = new Set(instances.map(({ id }) => id));
      for (const id of asked.keys()) if (!ids.has(id)) asked.delete(id);
      for (const instance of instances) {
        const known = asked.get(instance.id);
        const isDue = known === undefined || known.againMs < now;
        if (isDue && instance.health === "passing") waiting.set(instance.id, instance);
      }
      for (let free = asksAtOnce - asking; free > 0 && waiting.size > 0; free--) void ask();
    },
  };
}

async function* listServices() {
  yield { messageRequest: { case: "listServices" as const, value: "" } };
}
