import { createServer } from "node:net";
import t, { type Test } from "tap";
import { listeningInodes } from "./port-holder.ts";
import { blockPort, freePort, inspectPort, stablePort, thisOrFreePort } from "./ports.ts";

/** A listener on a port of the system's choice. */
async function listen(t: Test, port: number = 0): Promise<number> {
  const server = createServer().listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.teardown(() => server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

t.test("stablePort() gives the same port of 20000 to 29999 when the name is the same", async (t) => {
  t.equal(stablePort("cart"), stablePort("cart"));
  for (const name of ["", "cart", "inventory", "é"]) {
    t.ok(stablePort(name) >= 20_000 && stablePort(name) < 30_000);
  }
  t.not(stablePort("cart"), stablePort("inventory"));
});

t.test("blockPort() gives ports of 10000 to 19999 that differ within a block", async (t) => {
  for (const name of ["", "shop", "/home/ada/shop/.samspel/data"]) {
    const block = Array.from({ length: 10 }, (_, place) => blockPort(name, place));
    t.ok(block.every((port) => port >= 10_000 && port < 20_000));
    t.equal(new Set(block).size, block.length);
  }
});

t.test("inspectPort() names the process when the port is taken", async (t) => {
  const port = await listen(t);
  const state = await inspectPort(port);
  t.equal(state.type, "taken");
  if (process.platform === "linux") t.match(state, { by: { pid: process.pid, command: /node/ } });
});

t.test("inspectPort() says free when nobody listens", async (t) => {
  t.strictSame(await inspectPort(await freePort()), { type: "free" });
});

t.test("thisOrFreePort() leaves a taken port alone", async (t) => {
  const name = `taken-${process.pid}`;
  const stable = stablePort(name);
  if ((await inspectPort(stable)).type === "free") await listen(t, stable);
  const port = await thisOrFreePort(stable);
  t.not(port, stable);
  t.strictSame(await inspectPort(port), { type: "free" });
});

t.test("listeningInodes() finds listeners, not connections, when it reads /proc/net/tcp", async (t) => {
  const table = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0",
    "   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0",
    "   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0",
  ].join("\n");
  t.strictSame(listeningInodes(table, 8080), ["4711"]);
});
