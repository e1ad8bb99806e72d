// What the choice of an instance costs a call: finding the live instances and picking one, beside the picker of
// grpc-js' round robin over as many connected servers.
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { createRegistry } from "@samspel/registry";
import { createChannelPool } from "../ts-runtime/src/client/channel-pool.ts";
import { watchInstances } from "../ts-runtime/src/client/instances.ts";
import { defaultPolicies } from "../ts-runtime/src/policy/index.ts";
import { EchoService } from "../test/gen/samspel/test/v1/echo_pb.ts";
import { until } from "../test/support/until.ts";
import { grpcJsPick } from "./grpc-js-picker.ts";
import { median } from "./median.ts";

const protoService = "bench.v1.PickService";
const policies = defaultPolicies();
const watched = {
  query: undefined,
  policy: () => policies.ofService(EchoService),
  zone: "",
  seed: 1,
  logger: undefined,
};
const none: ReadonlySet<never> = new Set();

/** Nanoseconds of one pick, the middle of some rounds. */
function time(pick: () => unknown, rounds: number): number {
  const picks = 200_000;
  const figures: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const startedAt = process.hrtime.bigint();
    for (let index = 0; index < picks; index += 1) pick();
    // The first round warms up.
    if (round > 0) figures.push(Number(process.hrtime.bigint() - startedAt) / picks);
  }
  return median(figures);
}

async function listen(): Promise<{ readonly port: number; close(): void }> {
  const server = new Server();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, close: () => server.forceShutdown() };
}

export async function measurePick(url: string, rounds: number): Promise<void> {
  console.log("resolve and pick, ns a call\ninstances   samspel  weighted   grpc-js rr   ratio");
  for (const count of [3, 30, 100]) {
    const servers = await Promise.all(Array.from({ length: count }, listen));
    await using registry = createRegistry({ url });
    const pool = createChannelPool(undefined);
    const figures: number[] = [];
    for (const weightOf of [() => 1, (index: number) => 1 + (index % 3)]) {
      const handles = await Promise.all(
        servers.map(({ port }, index) =>
          registry.register({
            name: "bench-pick",
            address: "127.0.0.1",
            port,
            protoServices: [protoService],
            weights: { passing: weightOf(index) },
            check: { type: "none" },
          }),
        ),
      );
      using watch = registry.watch(protoService);
      await until("all are seen", () => watch.current.length === count);
      const instances = watchInstances(registry, { ...watched, protoService }, pool);
      figures.push(time(() => instances.pick(none), rounds));
      instances.close();
      await Promise.all(handles.map((handle) => handle.deregister()));
    }
    const theirs = await grpcJsPick(servers.map(({ port }) => port));
    const [even = 0, weighted = 0] = figures;
    const rr = time(theirs.pick, rounds);
    theirs.close();
    pool.close();
    for (const server of servers) server.close();
    console.log(
      String(count).padStart(9) +
        even.toFixed(0).padStart(10) +
        weighted.toFixed(0).padStart(10) +
        rr.toFixed(0).padStart(13) +
        (even / rr).toFixed(2).padStart(8),
    );
  }
}
