// Clients that have no file of ours: curl, grpcurl (Go) and grpcio (Python) call cart by what its reflection says.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";
import { withGrpcurl } from "../support/grpcurl.ts";
import { startShop } from "../support/system.ts";
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

t.test("grpcurl lists, describes and calls cart by reflection", { timeout: 300_000 }, async (t) => {
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
