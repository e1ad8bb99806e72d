// Certificates and roots change while calls run, and the registry goes away: no call may notice.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { createRegistry, openIdentity } from "@samspel/registry";
import { startEmbeddedRegistry, type EmbeddedRegistry } from "@samspel/registry/embedded";
import t, { type Test } from "tap";
import { createClients } from "../../../ts-runtime/src/client/index.ts";
import { GuardedService } from "../../gen/samspel/test/v1/guarded_pb.ts";
import { intend, leafOf, takeOverCa } from "../../support/certificate-authority.ts";
import { consulUrl } from "../../support/environment.ts";
import { clientShowing, startGuarded, type Guarded } from "../../support/guarded-service.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";
import { loadOn, type Load } from "./load.ts";

const callers = 6;

interface System {
  readonly guarded: Guarded;
  readonly identity: Awaited<ReturnType<typeof openIdentity>>;
  readonly load: Load;
  /** How often the service has got a new certificate or new roots. */
  readonly renewals: () => number;
}

async function startSystem(t: Test, url: string): Promise<System> {
  const guarded = await startGuarded(t, { name: "guarded", registryUrl: url });
  const registry = createRegistry({ url });
  t.teardown(() => registry.close());
  const identity = await openIdentity({ registry, service: "guarded-friend" });
  const clients = createClients({ registry, identity: { identity, mode: "strict" } });
  t.teardown(() => clients.close());
  const load = loadOn(clients.client(GuardedService), callers);
  await load.goOn(100);
  return {
    guarded,
    identity,
    load,
    renewals: () => guarded.lines.filter(({ message }) => message.includes("roots of trust are new")).length,
  };
}

/** Whether the port shows a certificate that leads to this root. */
async function shownBy(port: number, root: string): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  try {
    const certificate = await new Promise<X509Certificate | undefined>((resolve, reject) => {
      socket.once("secureConnect", () => resolve(socket.getPeerX509Certificate()));
      socket.once("error", reject);
    });
    return certificate?.verify(new X509Certificate(root).publicKey) === true;
  } finally {
    socket.destroy();
  }
}

async function rotateRoot(t: Test, url: string, rounds: number): Promise<void> {
  const { guarded, identity, load } = await startSystem(t, url);
  for (let round = 1; round <= rounds; round++) {
    const before = identity.leaf.serial;
    const ca = await takeOverCa(url);
    await until(
      "both sides have a certificate of the new root",
      async () => {
        await load.goOn(1);
        return identity.leaf.serial !== before && (await shownBy(guarded.service.port, ca.rootCert));
      },
      60_000,
    );
    await load.goOn(500);
    t.pass(`round ${round}: ${load.answered} calls`);
  }
  t.same(await load.stop(), [], "no call failed");
}

t.test("a new root of the embedded registry drops no call", async (t) => {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  await rotateRoot(t, embedded.url, 3);
});

t.test("a new root of Consul drops no call", (t) => rotateRoot(t, consulUrl(), 1));

t.test("certificates that live for 6 s are renewed under load, and no call fails", async (t) => {
  const embedded = await startEmbeddedRegistry({ leafTtlMs: 6_000 });
  t.teardown(() => embedded.close());
  const { identity, load, renewals } = await startSystem(t, embedded.url);
  const first = identity.leaf;
  await until(
    "three renewals on both sides",
    () => renewals() >= 3 && Date.now() > first.notAfter.getTime() + 2_000,
    60_000,
  );
  t.not(identity.leaf.serial, first.serial);
  await load.goOn(200);
  t.same(await load.stop(), [], "no call failed");
});

t.test(
  "without a registry calls and new connections go on; one that comes back with another CA is followed",
  async (t) => {
    let embedded: EmbeddedRegistry = await startEmbeddedRegistry();
    const { port, url } = embedded;
    t.teardown(() => embedded.close());
    const { guarded, identity, load } = await startSystem(t, url);
    const friend = await leafOf(url, "guarded-friend");
    const { spiffeId } = identity;

    await embedded.close();
    await load.goOn(300);
    const newcomer = clientShowing(guarded.service, friend, GuardedService);
    t.match(await newcomer.who({}), { service: "guarded-friend" }, "a new connection is let in");

    embedded = await startEmbeddedRegistry({ port });
    await until("the caller has an identity of the new CA", () => identity.spiffeId !== spiffeId, 30_000);
    await until(
      "so has the service",
      () => guarded.lines.some(({ message }) => message.includes("roots of trust are new")),
      30_000,
    );
    await load.goOn(500);
    t.same(await load.stop(), [], "no call failed");
  },
);

t.test(
  "intentions hold while the registry is away, and a caller on whom there is no word is not let in",
  async (t) => {
    const embedded = await startEmbeddedRegistry({ defaultIntention: "deny" });
    const { url } = embedded;
    t.teardown(() => embedded.close());
    await intend(url, "guarded-friend", "guarded", "allow");
    const guarded = await startGuarded(t, { name: "guarded", registryUrl: url });
    const [friend, stranger, late] = await Promise.all(
      ["guarded-friend", "guarded-stranger", "guarded-late"].map(async (name) =>
        clientShowing(guarded.service, await leafOf(url, name), GuardedService),
      ),
    );
    assert(friend !== undefined && stranger !== undefined && late !== undefined);
    await friend.who({});
    await t.rejects(stranger.who({}), /no intention allows it/);
    await embedded.close();
    await friend.who({});
    await t.rejects(stranger.who({}), /no intention allows it/);
    await t.rejects(late.who({}), /unavailable.*cannot say whether guarded-late may call it/);
  },
);

t.test("with a certificate that is over nobody is served, and that is said loudly", async (t) => {
  const embedded = await startEmbeddedRegistry({ leafTtlMs: 2_000 });
  const { url } = embedded;
  t.teardown(() => embedded.close());
  const guarded = await startGuarded(t, { name: "guarded", registryUrl: url });
  const friend = await leafOf(url, "guarded-friend");
  await clientShowing(guarded.service, friend, GuardedService).who({});
  await embedded.close();
  await until(
    "the port turns everybody away",
    async () => {
      const failed = await clientShowing(guarded.service, friend, GuardedService)
        .who({})
        .then(
          () => false,
          () => true,
        );
      return (
        failed && guarded.lines.some(({ level, message }) => level === "error" && message.includes("IS OVER"))
      );
    },
    15_000,
  );
});

t.test("a registry that is frozen holds up no call, and its renewals are caught up with", async (t) => {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  const proxy = await startTcpProxy(t, embedded.url);
  const { guarded, identity, load } = await startSystem(t, proxy.url);
  const friend = await leafOf(embedded.url, "guarded-friend");
  const stranger = await leafOf(embedded.url, "guarded-stranger");
  proxy.freeze();
  await load.goOn(300);
  await clientShowing(guarded.service, friend, GuardedService).who({});
  const unknown = clientShowing(guarded.service, stranger, GuardedService).who({}, { timeoutMs: 1_000 });
  await t.rejects(unknown, /deadline_exceeded|unavailable/, "on whom there is no word, it waits for one");
  const before = identity.leaf.serial;
  const ca = await takeOverCa(embedded.url);
  await load.goOn(100);
  t.equal(identity.leaf.serial, before, "nothing came through");
  await proxy.cut();
  proxy.thaw();
  await proxy.restore();
  await until(
    "both sides have a certificate of the new root",
    async () => identity.leaf.serial !== before && (await shownBy(guarded.service.port, ca.rootCert)),
    60_000,
  );
  await load.goOn(300);
  t.same(await load.stop(), [], "no call failed");
});
