// Instances with an identity are called by mTLS, as the service `dashboard`; intentions say whether it may.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { BackofficeService } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import type { Service } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import t from "tap";
import { until } from "../../support/until.ts";
import { startGuarded } from "../../support/guarded-service.ts";
import { startFixture } from "./fixture.ts";

t.test(
  "what is secure is called, passed on to and shown, where intentions allow it",
  { timeout: 60_000 },
  async (t) => {
    const { client, registryUrl, url } = await startFixture(t);
    await startGuarded(t, { name: "guarded", registryUrl, backoffice: true });
    let found: Service | undefined;
    for await (const { services } of client.watchSystem({}, { signal: AbortSignal.timeout(30_000) })) {
      found = services.find(({ ownServices }) => ownServices.length > 0);
      if (found !== undefined) break;
    }
    t.match(found, {
      name: "guarded",
      ownServices: ["samspel.v1.BackofficeService"],
      instances: [{ secure: true, healthy: true }],
    });
    const messages: unknown[] = [];
    for await (const { event } of client.call({
      protoService: "samspel.test.v1.GuardedService",
      method: "Who",
    })) {
      if (event.case === "message") messages.push(JSON.parse(event.value));
    }
    t.match(messages, [{ service: "dashboard", spiffeId: /\/svc\/dashboard$/ }]);
    const backoffice = createClient(
      BackofficeService,
      createConnectTransport({ baseUrl: `${url}/services/guarded`, httpVersion: "1.1" }),
    );
    t.match(await backoffice.listTopics({}), { topics: [] });

    const { policies } = await client.getConfiguration({ service: "guarded" });
    const ofNobody = policies.find(({ method }) => method.endsWith("/ForNobody"));
    t.match(ofNobody, { restricted: true, allowedServices: [] });
    t.match(
      policies.find(({ method }) => method.endsWith("/Who")),
      { restricted: false },
    );

    const denied = await fetch(
      `${registryUrl}/v1/connect/intentions/exact?source=dashboard&destination=guarded`,
      { method: "PUT", body: JSON.stringify({ Action: "deny" }) },
    );
    t.equal(denied.status, 200);
    await until("the intention has taken effect", async () => {
      const refused = await backoffice.listTopics({}).then(
        () => undefined,
        (error: unknown) => ConnectError.from(error),
      );
      if (refused === undefined) return false;
      t.equal(refused.code, Code.PermissionDenied);
      t.match(refused.rawMessage, /dashboard may not call guarded/);
      return true;
    });
  },
);
