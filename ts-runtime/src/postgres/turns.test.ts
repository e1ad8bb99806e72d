import { setImmediate as turn } from "node:timers/promises";
import t from "tap";
import type { Sql } from "./database.ts";
import { createTurns } from "./turns.ts";

/** Connections that nothing is sent on, and who began with which. */
function trial(count: number) {
  const connections = Array.from({ length: count }, () => (() => {}) as unknown as Sql);
  const turns = createTurns(connections);
  const taken: number[] = [];
  return {
    turns,
    taken,
    take: () => turns.take((sql) => void taken.push(connections.indexOf(sql))),
    of: (index: number): Sql =>
      connections[index] ??
      (() => {
        throw new Error("No such connection");
      })(),
  };
}

t.test("Turns give the connection that was used last (U1)", async (t) => {
  const { turns, taken, take, of } = trial(3);
  for (let count = 0; count < 3; count++) take();
  t.same(taken, [0, 1, 2]);
  turns.giveBack(of(2));
  turns.giveBack(of(0));
  take();
  t.same(taken.slice(3), [0]);
});

t.test("Turns give a connection in doubt last (U2)", async (t) => {
  const { turns, taken, take, of } = trial(3);
  take();
  turns.giveBackInDoubt(of(0));
  await turn();
  for (let count = 0; count < 3; count++) take();
  t.same(taken, [0, 1, 2, 0]);
});

t.test("Turns let begin who came first, and nobody who has left (U3)", async (t) => {
  const { turns, taken, take, of } = trial(1);
  t.equal(take(), undefined);
  const order: string[] = [];
  const wait = (name: string) => turns.take(() => void order.push(name));
  wait("first");
  wait("second")?.leave();
  wait("third");
  turns.giveBack(of(0));
  turns.giveBackInDoubt(of(0));
  await turn();
  turns.giveBack(of(0));
  take();
  t.same(order, ["first", "third"]);
  t.same(taken, [0, 0]);
});
