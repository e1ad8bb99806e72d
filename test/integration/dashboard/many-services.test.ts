// A system of a thousand services: what a browser gets at first, and at each change.
import { toBinary } from "@bufbuild/protobuf";
import {
  WatchSystemResponseSchema,
  type WatchSystemResponse,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import t from "tap";
import { descriptorSetOf } from "../../../ts-runtime/src/descriptor/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { startFixture } from "./fixture.ts";

const count = 1_000;

function bytesOf(answer: WatchSystemResponse): number {
  return toBinary(WatchSystemResponseSchema, answer).length;
}

t.test("watchSystem() of a thousand services is whole once, then small", { timeout: 120_000 }, async (t) => {
  const { registry, client, collector } = await startFixture(t);
  const place = (index: number, version: string): Promise<string> =>
    registry.place({
      name: `service-${index}`,
      address: "127.0.0.1",
      port: 10_000 + index,
      version,
      lang: "go",
      protoServices: ["samspel.test.v1.EchoService", `many.v1.Service${index}`],
      descriptors: descriptorSetOf([EchoService]),
      check: { type: "ttl", ttlMs: 600_000 },
    });
  const placingAt = performance.now();
  const ids = await Promise.all(Array.from({ length: count }, (_, index) => place(index, "1")));
  t.comment(`placed after ${(performance.now() - placingAt).toFixed(0)} ms`);
  const signal = AbortSignal.timeout(90_000);
  const stream = client.watchSystem({ deltas: true }, { signal })[Symbol.asyncIterator]();
  const next = async (): Promise<WatchSystemResponse> => {
    const { value } = await stream.next();
    if (value === undefined) throw new Error("the stream ended");
    return value;
  };
  const known = new Set<string>();
  let all = 0;
  const startedAt = performance.now();
  while (known.size < count) {
    const answer = await next();
    all += bytesOf(answer);
    for (const { name } of answer.services) known.add(name);
  }
  const firstMs = performance.now() - startedAt;
  t.comment(`all ${count} services after ${firstMs.toFixed(0)} ms, in ${all} bytes`);
  t.ok(all < 1_000_000, `${all} bytes in all`);

  const changedAt = performance.now();
  // As a new version does that takes the place of an old one.
  await registry.remove(ids[7] ?? "");
  await place(7, "2");
  let delta = await next();
  while (delta.services[0]?.instances[0]?.meta["version"] !== "2") delta = await next();
  t.comment(`one change after ${(performance.now() - changedAt).toFixed(0)} ms, in ${bytesOf(delta)} bytes`);
  t.same(
    delta.services.map(({ name, instances }) => [name, instances[0]?.meta["version"]]),
    [["service-7", "2"]],
  );
  t.ok(bytesOf(delta) < 1_500, `${bytesOf(delta)} bytes for one service`);

  // A busy minute: ten calls to each.
  const now = Date.now();
  collector.record(
    Array.from({ length: count * 10 }, (_, index) => ({
      traceId: index.toString(16).padStart(32, "0"),
      spanId: index.toString(16).padStart(16, "0"),
      parentSpanId: "",
      links: [],
      service: `service-${index % count}`,
      name: "many.v1.Service/Call",
      kind: "SERVER" as const,
      startMs: now,
      durationMs: 1 + (index % 7),
      attributes: { "rpc.service": "many.v1.Service" },
      error: false,
      message: "",
      events: [],
    })),
  );
  let busy = await next();
  while (busy.services.length < count) busy = await next();
  t.comment(`traffic of all in ${bytesOf(busy)} bytes`);
  t.ok(bytesOf(busy) < 1_000_000);

  const listedAt = performance.now();
  const { methods } = await client.listMethods({ brief: true });
  t.comment(`${methods.length} methods after ${(performance.now() - listedAt).toFixed(0)} ms`);
  t.equal(methods[0]?.services.length, count, "one API of a thousand services is read once");
  await stream.return?.();
});
