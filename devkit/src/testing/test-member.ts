// The test itself as a member of its system: it asks, tells and publishes by edges of its own.
import { createRegistry, openIdentity } from "@samspel/registry";
import { createClients, type Clients } from "@samspel/runtime";
import { createTestPublisher, type TestPublisher } from "@samspel/runtime/testing";
import { testName } from "./options.ts";
import type { SystemOptions } from "./system.ts";

export interface TestMember extends AsyncDisposable {
  readonly clients: Clients;
  readonly publisher: TestPublisher;
}

export interface TestMemberOptions {
  readonly natsUrl: string;
  readonly registryUrl: string;
  readonly topicPrefix: string;
  readonly identity: NonNullable<SystemOptions<string>["identity"]>;
}

export async function openTestMember(options: TestMemberOptions): Promise<TestMember> {
  const { natsUrl, registryUrl, topicPrefix } = options;
  await using begun = new AsyncDisposableStack();
  const registry = begun.adopt(createRegistry({ url: registryUrl }), (registry) => registry.close());
  const identity =
    options.identity === "consul"
      ? begun.use(await openIdentity({ registry, service: testName }))
      : undefined;
  const clients = begun.use(
    createClients({
      registry,
      natsUrl,
      topicPrefix,
      name: testName,
      identity: identity && { identity, mode: "strict" },
    }),
  );
  const publisher = begun.use(createTestPublisher({ natsUrl, topicPrefix }));
  const parts = begun.move();
  return { clients, publisher, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
