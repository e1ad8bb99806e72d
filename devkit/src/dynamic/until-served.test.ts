import { once } from "node:events";
import { createServer } from "node:net";
import type { InstanceState } from "@samspel/registry";
import t from "tap";
import { freePort } from "../process/index.ts";
import { untilServed, type UntilServedOptions } from "./until-served.ts";

const listener = createServer().listen(0, "127.0.0.1");
await once(listener, "listening");
t.teardown(() => listener.close());
const address = listener.address();
const open = typeof address === "object" && address !== null ? address.port : 0;

const instance = (health: InstanceState["health"], port: number = open): InstanceState => ({
  id: "cart-1",
  service: "cart",
  node: "here",
  address: "127.0.0.1",
  port,
  weight: 1,
  datacenter: "dc1",
  health,
  protoServices: ["cart.v1.CartService"],
  tags: [],
  meta: {},
  checks: [],
});

/** A registry whose answers are these, the last one ever after; and what was said. */
function scene(answers: readonly (readonly InstanceState[])[]) {
  const said: string[] = [];
  let looks = 0;
  const descriptors: Partial<UntilServedOptions["registry"]["descriptors"]> = { list: async () => [] };
  const registry = {
    states: async () => answers[Math.min(looks++, answers.length - 1)] ?? [],
    descriptors,
  } as UntilServedOptions["registry"];
  return {
    said,
    looks: () => looks,
    wait: (waitMs: number) =>
      untilServed({ registry, method: "CartService/AddItem", waitMs, onWait: (what) => said.push(what) }),
  };
}

t.test("untilServed() says nothing where an instance is well", async (t) => {
  const { said, looks, wait } = scene([[instance("critical"), instance("passing")]]);
  await wait(60_000);
  t.same([said, looks()], [[], 1]);
});

t.test("untilServed() waits for an instance that is not well, and says so once", async (t) => {
  const { said, looks, wait } = scene([[instance("critical")], [], [instance("passing")]]);
  await wait(60_000);
  t.same([said, looks()], [["an instance of cart.v1.CartService that is well"], 3]);
});

t.test(
  "untilServed() gives up when the time is over, and at once where nobody knows the service",
  async (t) => {
    const never = scene([[instance("critical")]]);
    await never.wait(1);
    t.equal(never.said.length, 1);
    const unknown = scene([[]]);
    await unknown.wait(60_000);
    t.same([unknown.said, unknown.looks()], [[], 1]);
  },
);

t.test("untilServed() waits for one that the registry calls well, and that has ended", async (t) => {
  const ended = await freePort();
  const both = [instance("passing", ended), instance("passing")];
  const { said, looks, wait } = scene([[instance("passing", ended)], both]);
  await wait(60_000);
  t.same([said, looks()], [["an instance of cart.v1.CartService that is well"], 2]);
});
