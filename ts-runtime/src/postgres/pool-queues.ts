// The queues in which the driver keeps a pool's connections: a pool must not slow down with the number of its queries.
//
// The driver (postgres 3.4.9) has one for the idle ones, one for the busy ones, and so on. A connection that is taken from
// one leaves a gap in front of the others, and the gaps are dropped when the queue is empty: where more connections are
// idle than are needed at once, never. And each query searches the queue for its connection, from the first gap on. So a
// query costs half a microsecond more for every thousand that there have been: a service that makes a hundred a second
// would spend four milliseconds on each of them after a day.
//
// The queues are reached by a connection, which the driver hands to the option that its own transactions use. (It does
// not where nothing may be pipelined. The pools of `bounded` need no mending: of one connection, no gap remains.)
import type { Sql } from "./database.ts";

interface Queue {
  readonly length: number;
  readonly push: (connection: unknown) => unknown;
  readonly shift: () => unknown;
  readonly remove: (connection: unknown) => unknown;
}

const mended = new WeakSet<Queue>();

/** Mends the queues of a pool, by a query, which fails where there is no server. Where the driver keeps its connections otherwise, they stay as they are. */
export async function mendPoolQueues(sql: Sql): Promise<void> {
  const options = {
    prepare: false,
    onexecute(connection: unknown): boolean {
      if (typeof connection === "object" && connection !== null) mendQueuesBehind(connection);
      return true;
    },
  };
  await sql.unsafe("select", [], options);
}

/** Mends each queue that the connection comes to. */
function mendQueuesBehind(connection: object): void {
  let queue: unknown = Reflect.get(connection, "queue");
  Object.defineProperty(connection, "queue", {
    get: () => queue,
    set(next: unknown) {
      queue = next;
      if (isQueue(next)) mend(next);
    },
    enumerable: true,
    configurable: true,
  });
}

function mend(queue: Queue): void {
  if (mended.has(queue)) return;
  mended.add(queue);
  const connections: unknown[] = [];
  while (queue.length > 0) connections.push(queue.shift());
  Object.defineProperties(queue, {
    length: { get: () => connections.length },
    push: {
      value(connection: unknown) {
        connections.push(connection);
        return connection;
      },
    },
    shift: { value: () => connections.shift() },
    remove: {
      value(connection: unknown) {
        const index = connections.indexOf(connection);
        return index === -1 ? null : connections.splice(index, 1)[0];
      },
    },
  });
}

function isQueue(value: unknown): value is Queue {
  if (typeof value !== "object" || value === null || !("length" in value)) return false;
  return ["push", "shift", "remove"].every((name) => typeof Reflect.get(value, name) === "function");
}
