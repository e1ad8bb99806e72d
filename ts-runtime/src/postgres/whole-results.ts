// Results without holes.
//
// The driver (postgres 3.4.9) numbers the rows of a result, and begins anew only when a statement has ended well. After
// one that failed in the middle of its rows, or whose connection broke there, the rows of the connection's next
// statement stand behind as many holes: as if there were no first row, and that is an answer, not an error. So what a
// query resolves with loses its holes. A query is reached by the class that all of them have, as some are made inside
// of the driver, such as those of a transaction.
import type { Sql } from "./database.ts";

/** Of a query of the driver, what its types do not name. */
interface DriverQuery {
  executed: boolean;
  resolve: (result: unknown) => void;
  handle: () => unknown;
}

const mended = new WeakSet<DriverQuery>();

/** Mends all queries of the driver that `sql` comes from; once is enough. */
export function mendResults(sql: Sql): void {
  const prototype: unknown = Object.getPrototypeOf(sql`select`);
  if (!isDriverQuery(prototype) || mended.has(prototype)) return;
  mended.add(prototype);
  const { handle } = prototype;
  prototype.handle = function (this: DriverQuery): unknown {
    if (!this.executed) {
      const { resolve } = this;
      this.resolve = (result) => {
        withoutHoles(result);
        resolve(result);
      };
    }
    return handle.call(this);
  };
}

/** Takes out of an array the holes in front of its elements; of several results, out of each. */
function withoutHoles(result: unknown): void {
  if (!Array.isArray(result) || result.length === 0) return;
  if (!Object.hasOwn(result, 0)) {
    const first = result.findIndex((_, index) => Object.hasOwn(result, index));
    result.splice(0, first === -1 ? result.length : first);
  }
  for (const part of result) if (Array.isArray(part) && "command" in part) withoutHoles(part);
}

function isDriverQuery(value: unknown): value is DriverQuery {
  return (
    typeof value === "object" && value !== null && "handle" in value && typeof value.handle === "function"
  );
}
