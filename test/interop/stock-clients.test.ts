// Clients that have no file of ours: curl, grpcurl (Go) and grpcio (Python) call cart by what its reflection says.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";
import { withGrpcurl } from "../support/grpcurl.ts";
import { startShop } from "../support/system.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";
import { inventoryPython } from "./python/inventory-process.ts";

const run = promisify(execFile);

interface Outcome {
  readonly code: number;
  readonly output: string;
}

async function outcomeOf(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Outcome> {
  return run(program, [...args], { env }).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    ({ code, stderr, stdout }: { code: number; stderr: string; stdout: string }) => ({
      code,
      output: stdout + stderr,
    }),
  );
}

const dev = await startShop(t);
const url = dev.services.find((service) => service.name === "cart")?.url ?? "";
const { host } = new URL(url);
const addApples = (cartId: string, quantity: number): string =>
  JSON.stringify({ cartId, sku: "apple", quantity });

t.test("curl calls cart with JSON over HTTP/1.1 and HTTP/2", async (t) => {
  const call = (version: string, quantity: number): Promise<Outcome> =>
    outcomeOf("curl", [
      version,
      "-sS",
      `${url}/cart.v1.CartService/AddItem`,
      "-H",
      "content-type: application/json",
      "-d",
      addApples("curl", quantity),
    ]);
  t.match(JSON.parse((await call("--http1.1", 2)).output), { items: { apple: 2 } });
  t.match(JSON.parse((await call("--http2-prior-knowledge", 1)).output), { items: { apple: 3 } });
  t.match(JSON.parse((await call("--http1.1", 0)).output), {
    code: "invalid_argument",
    message: "quantity must be at least 1: current value is 0",
  });
});

t.test("grpcurl lists, describes and calls cart by reflection", async (t) => {
  const env = await withGrpcurl();
  const call = (...args: readonly string[]): Promise<Outcome> =>
    outcomeOf("grpcurl", ["-plaintext", ...args], env);

  t.match((await call(host, "list")).output, /^cart\.v1\.CartService$/m);
  t.match((await call(host, "describe", "cart.v1.CartService.AddItem")).output, /rpc AddItem/);
  const added = await call("-d", addApples("grpcurl", 2), host, "cart.v1.CartService/AddItem");
  t.match(JSON.parse(added.output), { items: { apple: 2 } });
  t.match(await call("-d", addApples("grpcurl", 0), host, "cart.v1.CartService/AddItem"), {
    code: 67,
    output: /Code: InvalidArgument\s+Message: quantity must be at least 1[^]*SAMSPEL_REJECTED/,
  });
  t.match((await call(host, "grpc.health.v1.Health/Check")).output, /SERVING/);
});

t.test("grpcio calls cart by reflection", async (t) => {
  const python = await inventoryPython(t);
  const client = join(import.meta.dirname, "python/stock_client.py");
  const call = (quantity: number): Promise<Outcome> =>
    outcomeOf(python, [client, host, "cart.v1.CartService", "AddItem", addApples("grpcio", quantity)]);
  t.match(JSON.parse((await call(2)).output), { items: { apple: 2 } });
  t.match(await call(0), { code: 1, output: /INVALID_ARGUMENT: quantity must be at least 1/ });
});

t.test("grpcurl reads a topic, and goes on by position when its connection broke", async (t) => {
  const env = await withGrpcurl();
  const proxy = await startTcpProxy(t, url);
  const checkout = async (cartId: string): Promise<void> => {
    for (const [method, data] of [
      ["AddItem", addApples(cartId, 1)],
      ["Checkout", JSON.stringify({ cartId })],
    ] as const) {
      await outcomeOf("grpcurl", ["-plaintext", "-d", data, host, `cart.v1.CartService/${method}`], env);
    }
  };
  /** Reads until `count` envelopes have come; then the connection breaks. */
  const read = async (from: object, count: number): Promise<readonly { key: string; position: string }[]> => {
    const request = JSON.stringify({ topic: "cart.v1.CartTopics.CheckedOut", ...from });
    const program = "grpcurl";
    const child = spawn(
      program,
      ["-plaintext", "-d", request, new URL(proxy.url).host, "samspel.v1.TopicService/Read"],
      { env, stdio: ["ignore", "pipe", "pipe"] },
    );
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    const closed = once(child, "close");
    const envelopes = (): { key: string; position: string }[] =>
      output.split(/^(?=\{)/m).flatMap((text) => {
        const { envelope } = /^\}/m.test(text) ? JSON.parse(text) : {};
        return envelope === undefined ? [] : [envelope];
      });
    await until(`${count} have come`, () => envelopes().length >= count, 30_000);
    await proxy.cut();
    const [code] = await closed;
    t.not(code, 0, "the stream broke");
    await proxy.restore();
    return envelopes();
  };
  await checkout("topic-1");
  await checkout("topic-2");
  const first = await read({ beginning: true }, 2);
  await checkout("topic-3");
  const second = await read({ position: first.at(-1)?.position }, 1);
  const keys = [...first, ...second].map(({ key }) => key).filter((key) => key.startsWith("topic-"));
  t.same(keys, ["topic-1", "topic-2", "topic-3"], "no gap, no duplicate");
});
