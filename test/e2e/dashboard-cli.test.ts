// `samspel dashboard`, as a person or a script runs it beside a system.
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { DashboardService, ServiceState } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import t from "tap";
import { registered } from "./join/joined.ts";

const argumentsOf = (command: string): readonly string[] => command.split(" ").slice(1);

// As the page says it; a test takes free ports.
const documented = "samspel dashboard --otlp-port 4318";

t.test("samspel dashboard shows a system that it did not start", { timeout: 60_000 }, async (t) => {
  const on = await registered(t);
  const id = await on.registry.place({
    name: "stock",
    address: "192.0.2.1",
    port: 1,
    version: "1.4.0",
    lang: "go",
    protoServices: ["stock.v1.StockService"],
    check: { type: "none" },
  });
  const command = on.samspel(...argumentsOf(documented.replace("4318", "0")), "--port", "0", "--json");
  const ready: unknown = JSON.parse(await command.said(/"ready"/));
  t.match(ready, { url: /^http:\/\/127\.0\.0\.1:\d+$/, collectorUrl: /^http:\/\/127\.0\.0\.1:\d+$/ });
  const { url: baseUrl } = ready as { readonly url: string };
  t.match(await (await fetch(baseUrl)).text(), /<!doctype html>/i, "with its pages");
  const client = createClient(DashboardService, createConnectTransport({ baseUrl, httpVersion: "1.1" }));
  for await (const answer of client.watchSystem({}, { signal: AbortSignal.timeout(20_000) })) {
    const [stock] = answer.services;
    if (stock === undefined) continue;
    t.match(answer, {
      controllable: false,
      infra: [{ name: "registry", url: on.url, up: true }],
      problems: [],
    });
    t.match(stock, {
      name: "stock",
      state: ServiceState.READY,
      language: "go",
      managed: false,
      instances: [{ id, meta: { version: "1.4.0" } }],
    });
    break;
  }
  const { settings } = await client.getConfiguration({ service: "stock" });
  t.ok(
    settings.some(
      ({ name, value, origin }) => name === "version" && value === "1.4.0" && origin === "registry",
    ),
  );
  command.signal("SIGTERM");
  t.equal(await command.code, 0);

  const { port } = new URL(on.url);
  const taken = on.samspel("dashboard", "--port", port);
  t.equal(await taken.code, 1);
  t.match(taken.err.join("\n"), new RegExp(`EADDRINUSE.*${port}`));
  const wrong = on.samspel("dashboard", "--port", "eighty");
  t.equal(await wrong.code, 2);
});
