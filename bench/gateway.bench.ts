// What a gateway adds to a call: the same call to the service itself and through the gateway, by gRPC, by Connect with
// JSON, and by REST beside a plain Connect call, as services have no REST. Service and gateway are processes of their
// own, on one machine with the caller; the rounds are interleaved.
//   npm run bench -- --long gateway
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { LibraryService } from "../test/gen/samspel/test/v1/library_pb.ts";
import { closedLoop, middle, type Load, type Work } from "./load.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, ms: { type: "string", default: "2000" } },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);

/** A process of `gateway-process.ts`, and where it listens. */
async function start(
  role: "service" | "gateway",
  registryUrl: string,
): Promise<readonly [ChildProcess, string]> {
  const child = fork(new URL("./gateway-process.ts", import.meta.url), [role, registryUrl], {
    execArgv: ["--conditions=samspel-source", "--max-semi-space-size=64"],
  });
  const [message]: unknown[] = await once(child, "message");
  if (typeof message !== "string") throw new Error(`The ${role} said ${JSON.stringify(message)}`);
  return [child, message];
}

interface Comparison {
  readonly name: string;
  readonly direct: Work;
  readonly through: Work;
}

function grpc(baseUrl: string): Work {
  const client = createClient(LibraryService, createGrpcTransport({ baseUrl }));
  return () => client.getShelf({ shelfId: "crime" });
}

function connect(baseUrl: string): Work {
  const transport = createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false });
  const client = createClient(LibraryService, transport);
  return () => client.getShelf({ shelfId: "crime" });
}

function json(url: string, init: RequestInit): Work {
  return async () => (await fetch(url, init)).json();
}

function comparisons(service: string, gateway: string): readonly Comparison[] {
  const post = {
    method: "POST",
    body: '{"shelfId":"crime"}',
    headers: { "content-type": "application/json" },
  };
  return [
    { name: "gRPC", direct: grpc(service), through: grpc(gateway) },
    { name: "Connect, JSON", direct: connect(service), through: connect(gateway) },
    {
      name: "REST",
      direct: json(`${service}/samspel.test.v1.LibraryService/GetShelf`, post),
      through: json(`${gateway}/v1/shelves/crime`, {}),
    },
  ];
}

function columns({ perSecond, p50Ms, p99Ms }: Load): string {
  return perSecond.toFixed(0).padStart(11) + p50Ms.toFixed(2).padStart(8) + p99Ms.toFixed(2).padStart(8);
}

async function compare({ name, direct, through }: Comparison): Promise<void> {
  for (const work of [direct, through]) await closedLoop(work, 8, ms);
  for (const inFlight of [1, 32]) {
    const loads = { direct: [] as Load[], through: [] as Load[] };
    for (let round = 0; round < rounds; round++) {
      loads.direct.push(await closedLoop(direct, inFlight, ms));
      loads.through.push(await closedLoop(through, inFlight, ms));
    }
    const [alone, gateway] = [middle(loads.direct), middle(loads.through)];
    console.log(
      name.padEnd(14) +
        String(inFlight).padStart(9) +
        columns(alone) +
        columns(gateway) +
        (gateway.p50Ms - alone.p50Ms).toFixed(2).padStart(13) +
        (gateway.p50Ms / alone.p50Ms).toFixed(2).padStart(8),
    );
  }
}

const registry = await startEmbeddedRegistry();
const children: ChildProcess[] = [];
try {
  const [service, serviceUrl] = await start("service", registry.url);
  children.push(service);
  const [gateway, gatewayUrl] = await start("gateway", registry.url);
  children.push(gateway);
  console.log(
    "              in flight   direct/s  p50 ms  p99 ms  through/s  p50 ms  p99 ms  p50 adds ms   ratio",
  );
  for (const one of comparisons(serviceUrl, gatewayUrl)) await compare(one);
} finally {
  for (const child of children) child.disconnect();
  await Promise.all(children.map((child) => once(child, "exit")));
  await registry.close();
}
process.exit(0);
