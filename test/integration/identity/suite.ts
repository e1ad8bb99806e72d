// What identity promises, whichever registry's CA stands behind it.
import assert from "node:assert/strict";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createRegistry, openIdentity } from "@samspel/registry";
import type { Test } from "tap";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../../ts-runtime/src/gen/grpc/health/v1/health_pb.ts";
import { errorDetail } from "../../../ts-runtime/src/client/index.ts";
import { GuardedService } from "../../gen/samspel/test/v1/guarded_pb.ts";
import {
  createTestCa,
  intend,
  leafOf,
  rootsOf,
  selfSigned,
  takeOverCa,
  type Shown,
} from "../../support/certificate-authority.ts";
import { eventually } from "../../support/eventually.ts";
import { clientsAs, clientShowing, startGuarded } from "../../support/guarded-service.ts";
import { until } from "../../support/until.ts";
import { startImpostor } from "./impostor.ts";

/** The error of a call, with the stable code of its detail. */
async function failureOf(call: Promise<unknown>): Promise<{ grpc: string; code: string; message: string }> {
  try {
    await call;
  } catch (error) {
    const failure = ConnectError.from(error);
    return {
      grpc: Code[failure.code],
      code: errorDetail(failure)?.code ?? "none",
      message: failure.rawMessage,
    };
  }
  return { grpc: "ok", code: "none", message: "" };
}

export async function identitySuite(t: Test, url: string): Promise<void> {
  const { TrustDomain } = await rootsOf(url);
  const idOf = (service: string, domain = TrustDomain): string =>
    `spiffe://${domain}/ns/default/dc/dc1/svc/${service}`;

  await t.test("a handler knows who calls, and its caller who answers", async (t) => {
    await startGuarded(t, { name: "guarded", registryUrl: url });
    const client = (await clientsAs(t, url, "guarded-friend")).client(GuardedService);
    t.match(await client.who({}), { service: "guarded-friend", spiffeId: idOf("guarded-friend") });
    const { ServiceMeta, ServiceConnect } =
      (
        (await (await fetch(`${url}/v1/catalog/service/guarded`)).json()) as {
          ServiceMeta: Record<string, string>;
          ServiceConnect: unknown;
        }[]
      )[0] ?? {};
    t.match(
      { ServiceMeta, ServiceConnect },
      { ServiceMeta: { secure: "true", health_port: /^\d+$/ }, ServiceConnect: { Native: true } },
    );
  });

  await t.test("the registry's check of health goes on, on a port that serves nothing else", async (t) => {
    const { service } = await startGuarded(t, { name: "guarded", registryUrl: url });
    const { port } = service;
    const checkId = `service:guarded-127-0-0-1-${port}`;
    // The first look of the registry is at any time within its interval of 5 s.
    await until(
      "the registry has looked",
      async () => {
        const checks = (await (await fetch(`${url}/v1/agent/checks`)).json()) as Record<
          string,
          { Output: string }
        >;
        return checks[checkId]?.Output.includes("success") === true;
      },
      20_000,
    );
    const own = (await (await fetch(`${url}/v1/agent/service/guarded-127-0-0-1-${port}`)).json()) as {
      Meta: Record<string, string>;
    };
    const health = own.Meta["health_port"];
    const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${health}`, defaultTimeoutMs: 5_000 });
    t.equal((await createClient(Health, transport).check({})).status, Status.SERVING);
    t.match(await failureOf(createClient(GuardedService, transport).who({})), { grpc: "Unimplemented" });
  });

  await t.test("the port turns away whoever does not prove that it is a service of the system", async (t) => {
    const ca = await takeOverCa(url);
    const { service, lines } = await startGuarded(t, { name: "guarded", registryUrl: url });
    const foreign = createTestCa(TrustDomain);
    const elsewhere = "11111111-2222-3333-4444-555555555555.consul";
    const past = { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 60_000) };
    const cases: readonly (readonly [what: string, reason: string, Shown | undefined])[] = [
      ["no certificate", "no-certificate", undefined],
      ["self-signed", "untrusted", selfSigned({ uris: [idOf("guarded-friend")] })],
      ["of another CA", "untrusted", foreign.sign({ uris: [idOf("guarded-friend")] })],
      ["of another trust domain", "trust-domain", ca.sign({ uris: [idOf("guarded-friend", elsewhere)] })],
      ["over", "expired", ca.sign({ uris: [idOf("guarded-friend")], ...past })],
      ["two names", "several-uris", ca.sign({ uris: [idOf("guarded-friend"), idOf("guarded")] })],
      ["no name", "no-uri", ca.sign({ uris: [] })],
      ["no service", "path", ca.sign({ uris: [`spiffe://${TrustDomain}/agent/client/dc/dc1/id/x`] })],
    ];
    for (const [what, reason, shown] of cases) {
      const client = clientShowing(service, shown, GuardedService);
      const failure = await failureOf(client.who({}));
      t.not(failure.grpc, "ok", `${what}: ${failure.grpc} ${failure.message}`);
      t.ok(
        lines.some((line) => line.level === "warn" && line["reason"] === reason),
        `${what}: the log says ${reason}`,
      );
    }
    const friend = clientShowing(service, ca.sign({ uris: [idOf("guarded-friend")] }), GuardedService);
    t.match(await friend.who({}), { service: "guarded-friend" }, "a good one is let in");

    const plaintext = createGrpcTransport({
      baseUrl: `http://127.0.0.1:${service.port}`,
      defaultTimeoutMs: 5_000,
    });
    t.not(
      (await failureOf(createClient(GuardedService, plaintext).who({}))).grpc,
      "ok",
      "nobody in plaintext",
    );
    const http1 = await fetch(`http://127.0.0.1:${service.port}/`).then(
      (answer) => answer.status,
      () => "closed",
    );
    t.ok([401, "closed"].includes(http1), `HTTP/1.1 in plaintext: ${http1}`);
    t.notOk(
      lines.some((line) => JSON.stringify(line).includes("PRIVATE KEY")),
      "no key is in the log",
    );
  });

  await t.test("a caller turns away whoever is not the service that the registry says", async (t) => {
    const ca = await takeOverCa(url);
    const client = (await clientsAs(t, url, "guarded-friend")).client(GuardedService);
    const past = { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 60_000) };
    const cases: readonly (readonly [string, Shown])[] = [
      ["another service's, stolen", await leafOf(url, "guarded-mallory")],
      ["self-signed", selfSigned({ uris: [idOf("guarded")] })],
      ["of another CA", createTestCa(TrustDomain).sign({ uris: [idOf("guarded")] })],
      ["of another trust domain", ca.sign({ uris: [idOf("guarded", "x.consul")] })],
      ["over", ca.sign({ uris: [idOf("guarded")], ...past })],
      ["two names", ca.sign({ uris: [idOf("guarded"), idOf("guarded-mallory")] })],
    ];
    for (const [what, shown] of cases) {
      await using impostor = await startImpostor({
        url,
        name: "guarded",
        protoService: GuardedService.typeName,
        shown,
      });
      await eventually(`the impostor is found: ${what}`, async () => {
        const failure = await failureOf(client.who({}, { timeoutMs: 2_000 }));
        assert.equal(failure.code, "SAMSPEL_IDENTITY_REFUSED", `${failure.code}: ${failure.message}`);
        assert.equal(failure.grpc, "Unauthenticated");
      });
      t.equal(impostor.requests, 0, `${what}: nothing was sent`);
    }
    await using plain = await startImpostor({
      url,
      name: "guarded",
      protoService: GuardedService.typeName,
      shown: undefined,
    });
    await eventually("the plaintext instance is found", async () => {
      const failure = await failureOf(client.who({}, { timeoutMs: 500 }));
      assert.equal(failure.code, "SAMSPEL_IDENTITY_REFUSED");
      assert.match(failure.message, /plaintext/);
    });
    t.equal(plain.requests, 0, "nothing is sent in plaintext");
  });

  await t.test(
    "a stolen certificate of another service is that service, and what it may is decided for it",
    async (t) => {
      const { service } = await startGuarded(t, { name: "guarded", registryUrl: url });
      await intend(url, "guarded-mallory", "guarded", "deny");
      t.teardown(() => intend(url, "guarded-mallory", "guarded", "none"));
      const client = clientShowing(service, await leafOf(url, "guarded-mallory"), GuardedService);
      await eventually("it is denied", async () => {
        assert.equal((await failureOf(client.who({}))).code, "SAMSPEL_CALLER_DENIED");
      });
    },
  );

  await t.test(
    "intentions decide about every method, and about open connections within a second",
    async (t) => {
      const { service, slowCalls } = await startGuarded(t, { name: "guarded", registryUrl: url });
      const clients = await clientsAs(t, url, "guarded-friend");
      const client = clients.client(GuardedService);
      t.teardown(() => intend(url, "guarded-friend", "guarded", "none"));
      const verdictWithin = async (what: string, wanted: string): Promise<void> => {
        const startedAt = performance.now();
        await until(what, async () => (await failureOf(client.who({}))).code === wanted);
        const tookMs = performance.now() - startedAt;
        t.ok(tookMs < 2_000, `${what}: after ${Math.round(tookMs)} ms`);
      };
      t.equal((await client.who({})).service, "guarded-friend", "by default");

      const numbers: number[] = [];
      const stream = failureOf(
        (async () => {
          for await (const { number } of client.follow({})) numbers.push(number);
        })(),
      );
      await until("the stream runs", () => numbers.length > 2);
      const running = client.who({ takesMs: 1_500 });
      await until("the slow call runs", () => slowCalls() === 1);
      const flippedAt = performance.now();
      await intend(url, "guarded-friend", "guarded", "deny");
      const ended = await stream;
      const tookMs = performance.now() - flippedAt;
      t.match(ended, { grpc: "PermissionDenied", code: "SAMSPEL_CALLER_DENIED" });
      t.ok(tookMs < 2_000, `the open stream ends ${Math.round(tookMs)} ms after the change`);
      await verdictWithin("denied", "SAMSPEL_CALLER_DENIED");
      t.equal((await running).service, "guarded-friend", "a unary call that had begun ends well");

      const denied = await failureOf(client.forServices({}));
      t.match(denied, {
        grpc: "PermissionDenied",
        message: /guarded-friend may not call guarded: an intention denies it/,
      });
      const raw = await leafOf(url, "guarded-friend");
      t.match(
        await failureOf(clientShowing(service, raw, Health).check({})),
        { code: "SAMSPEL_CALLER_DENIED" },
        "nor health",
      );

      await intend(url, "guarded-friend", "guarded", "allow");
      await verdictWithin("allowed again", "none");
      // Real Consul takes these for services of an HTTP protocol only; the embedded registry knows no protocols.
      await fetch(`${url}/v1/config`, {
        method: "PUT",
        body: JSON.stringify({ Kind: "service-defaults", Name: "guarded", Protocol: "grpc" }),
      });
      await intend(url, "guarded-friend", "guarded", "permissions");
      await verdictWithin("rules by path count as deny", "SAMSPEL_CALLER_DENIED");
      await intend(url, "guarded-friend", "guarded", "none");
      await verdictWithin("the default holds again", "none");
      await intend(url, "*", "guarded", "deny");
      t.teardown(() => intend(url, "*", "guarded", "none"));
      await verdictWithin("denied with all", "SAMSPEL_CALLER_DENIED");
      await intend(url, "guarded-friend", "guarded", "allow");
      await verdictWithin("the exact one comes first", "none");
    },
  );

  await t.test("(samspel.v1.allow) says who may call a method", async (t) => {
    await startGuarded(t, { name: "guarded", registryUrl: url });
    const friend = (await clientsAs(t, url, "guarded-friend")).client(GuardedService);
    const other = (await clientsAs(t, url, "guarded-other")).client(GuardedService);
    await friend.forFriend({});
    await friend.forServices({});
    await other.forServices({});
    const refused = await failureOf(other.forFriend({}));
    t.match(refused, { grpc: "PermissionDenied", code: "SAMSPEL_CALLER_DENIED" });
    t.match(refused.message, /GuardedService\/ForFriend/);
    t.match(await failureOf(friend.forNobody({})), { code: "SAMSPEL_CALLER_DENIED" });
  });

  await t.test("a permissive service serves plaintext beside TLS, and prefers TLS", async (t) => {
    const { service } = await startGuarded(t, {
      name: "guarded",
      registryUrl: url,
      identity: "consul-permissive",
    });
    const friend = (await clientsAs(t, url, "guarded-friend")).client(GuardedService);
    t.equal((await friend.who({})).service, "guarded-friend");
    const anonymous = (await clientsAs(t, url, undefined)).client(GuardedService);
    t.equal((await anonymous.who({})).service, "", "who has no identity yet is anonymous");
    t.match(
      await failureOf(anonymous.forServices({})),
      { code: "SAMSPEL_CALLER_DENIED" },
      "rules hold for it, too",
    );
    const unknown = clientShowing(service, selfSigned({ uris: [idOf("guarded-friend")] }), GuardedService);
    t.not((await failureOf(unknown.who({}))).grpc, "ok", "a bad certificate is worse than none");

    const plain = await startGuarded(t, { name: "guarded-plain", registryUrl: url, identity: "none" });
    const permissive = (await clientsAs(t, url, "guarded-friend", "permissive")).client(GuardedService);
    t.ok(plain.lines.some(({ level, message }) => level === "warn" && message.includes("samspel.v1.allow")));
    await service.stop();
    await eventually("it calls the plaintext one", async () => {
      assert.equal((await permissive.who({})).service, "");
    });
  });

  await t.test("a registry's client without a registry gets no identity, and says so", async (t) => {
    await using registry = createRegistry({ url: "http://127.0.0.1:1", connectTimeoutMs: 300 });
    await t.rejects(openIdentity({ registry, service: "guarded" }), { code: "SAMSPEL_REGISTRY_UNREACHABLE" });
  });
}
