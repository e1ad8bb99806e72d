// The commands of docs/guides/calls.md, run as they stand there, but for the port.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import t from "tap";
import { CartService } from "../../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { bind, startRpcServer } from "../../../ts-runtime/src/service/index.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { withGrpcurl } from "../../support/grpcurl.ts";

const run = promisify(execFile);

const curl = `curl -s -H 'content-type: application/json' -d '{"cartId": "c1"}' http://127.0.0.1:8080/cart.v1.CartService/GetCart`;

const grpcurl: Readonly<Record<string, RegExp>> = {
  "grpcurl -plaintext 127.0.0.1:8080 list": /^cart\.v1\.CartService$/m,
  "grpcurl -plaintext 127.0.0.1:8080 describe cart.v1.CartService":
    /rpc GetCart \( \.cart\.v1\.GetCartRequest \)/,
  [`grpcurl -plaintext -d '{"cart_id": "c1"}' 127.0.0.1:8080 cart.v1.CartService/GetCart`]: /"c1": 1/,
};

async function startCart(): Promise<{ port: number; close(): Promise<void> }> {
  return startRpcServer({
    logger: silentLogger,
    bindings: [
      bind(CartService, {
        addItem: () => ({}),
        removeItem: () => ({}),
        checkout: () => ({}),
        getCart: ({ cartId }) => ({ items: { [cartId]: 1 } }),
      }),
    ],
  });
}

t.test("the guide's curl works", async (t) => {
  const server = await startCart();
  t.teardown(() => server.close());
  const { stdout } = await run("sh", ["-c", curl.replace("8080", String(server.port))]);
  t.match(JSON.parse(stdout), { items: { c1: 1 } });
});

t.test("the guide's grpcurl works", { timeout: 180_000 }, async (t) => {
  const env = await withGrpcurl();
  const server = await startCart();
  t.teardown(() => server.close());
  for (const [command, expected] of Object.entries(grpcurl)) {
    const { stdout } = await run("sh", ["-c", command.replace("8080", String(server.port))], { env });
    t.match(stdout, expected, command);
  }
});
