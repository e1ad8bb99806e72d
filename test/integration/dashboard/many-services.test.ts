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
  const { registry, registryUrl, client, collector } = await startFixture(t);
  const sha256 = await registry.descriptors.publish(descriptorSetOf([EchoService]));
  const place = async (index: number, version: string): Promise<void> => {
    const name = `service-${index}`;
    const response = await fetch(`${registryUrl}/v1/agent/service/register`, {
      method: "PUT",
      body: JSON.stringify({
        ID: name,
        Name: name,
        Address: "127.0.0.1",
        Port: 10_000 + index,
        Tags: ["grpc", "samspel.test.v1.EchoService", `many.v1.Service${index}`],
        Meta: {
          protocols: "grpc",
          version,
          zone: "",
          lang: "go",
          secure: "false",
          descriptor_sha256: sha256,
        },
        Check: { CheckID: `service:${name}`, TTL: "600s", Status: "passing" },
      }),
    });
    if (!response.ok) throw new Error(await response.text());
  };
  for (let index = 0; index < count; index += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, more) => place(index + more, "1")));
  }
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
  await registry.remove("service-7");
  await place(7, "2");
  let delta = await next();
  while (delta.services[0]?.instances[0]?.meta["version"] !== "2") delta = await next();
  const changedMs = performance.now() - changedAt;
  t.comment(`one change after ${changedMs.toFixed(0)} ms, in ${bytesOf(delta)} bytes`);
  t.ok(changedMs < 15_000, "a change is told of, and not found by the next reading of all");
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
