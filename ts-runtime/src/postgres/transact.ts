// One transaction that survives the loss of its connection.
//
// The driver (postgres 3.4.9) ends the whole process where a transaction sends anything over a connection that is
// gone, its own `rollback` included: "Cannot read properties of null (reading 'write')", in a timer. So after a loss
// nothing is sent any more: the transaction's function is cut off and left waiting, and the loss is the outcome.
import { setTimeout as sleep } from "node:timers/promises";
import type { Sql, TransactionSql } from "./database.ts";
import { isTransient } from "./transient.ts";

/** How long a server that says it ends a connection may take to do so. */
const lossFollowsMs = 1_000;

/**
 * Runs `work` in a transaction: committed when it returns, rolled back when it throws. When the connection is lost, the
 * outcome may be unknown.
 */
export async function transact<T>(sql: Sql, work: (sql: TransactionSql) => Promise<T>): Promise<T> {
  const loss = Promise.withResolvers<void>();
  let isLost = false;
  const outcome: { value?: T } = {};
  const running = sql.begin(async (tx) => {
    try {
      outcome.value = await work(guard(tx, () => isLost));
    } catch (error) {
      if (speaksOfLoss(error))
        await Promise.race([loss.promise, sleep(lossFollowsMs, undefined, { ref: false })]);
      if (isLost) await never();
      throw error;
    }
    // Lost while `work` waited for something else: there is nothing to commit on.
    if (isLost) await never();
  });
  try {
    await running;
  } catch (error) {
    isLost = true;
    loss.resolve();
    throw error;
  }
  return outcome.value as T;
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function guard(tx: TransactionSql, isLost: () => boolean): TransactionSql {
  const check = (): void => {
    if (isLost()) throw new Error("The transaction is over: its connection is lost");
  };
  return new Proxy(tx, {
    apply(target, self, args) {
      check();
      return Reflect.apply(target, self, args);
    },
    get(target, name) {
      check();
      return Reflect.get(target, name);
    },
  });
}

function speaksOfLoss(error: unknown): boolean {
  return isTransient(error) || (error instanceof Error && isTransient(error.cause));
}
