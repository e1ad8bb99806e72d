// An agent that publishes an instance's descriptors before it registers the instance (R3), each time: a registry that
// has lost its instances has lost their descriptors as well (R4).
import { backoff } from "../backoff.ts";
import type { Agent } from "../consul/index.ts";
import { RegistryError } from "../errors.ts";
import type { RegistryEvent } from "../events.ts";
import type { DescriptorStore } from "./store.ts";

interface PublishingOptions {
  readonly store: DescriptorStore;
  readonly onEvent: (event: RegistryEvent) => void;
  /** Aborts when the client is closed. */
  readonly closed: AbortSignal;
}

/**
 * What the registry does not take is told once and stops nothing; in the background it is tried again, as a registry
 * without a leader takes instances and no values.
 */
export function publishingAgent(agent: Agent, { store, onEvent, closed }: PublishingOptions): Agent {
  const trying = new Set<string>();
  const tryAgain = async (id: string, set: Uint8Array): Promise<void> => {
    if (trying.has(id)) return;
    trying.add(id);
    for (let attempt = 5; !closed.aborted; attempt++) {
      await backoff(attempt, closed);
      try {
        await store.publish(set);
        break;
      } catch (error) {
        if (!(error instanceof RegistryError && error.retryable)) break;
      }
    }
    trying.delete(id);
  };
  return {
    ...agent,
    async register(registration) {
      const { id, descriptors: set } = registration;
      let failed: RegistryError | undefined;
      if (set !== undefined) {
        try {
          await store.publish(set);
        } catch (error) {
          if (!(error instanceof RegistryError)) throw error;
          failed = error;
        }
      }
      await agent.register(registration);
      // Told after the registration: where that fails as well, nothing is known of the values.
      if (failed === undefined || set === undefined || trying.has(id)) return;
      onEvent({ type: "unpublished", id, error: failed });
      if (failed.retryable) void tryAgain(id, set).catch(() => {});
    },
  };
}
