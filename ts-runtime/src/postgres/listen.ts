// LISTEN for many listeners over one connection. The driver subscribes again when the connection comes back; a channel
// stays subscribed until the database is closed.
//
// Nobody waits for long for a subscription: it only wakes, and where the network swallows it there is no answer at all.
import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "./database.ts";
import { isTransient } from "./transient.ts";

interface Channel {
  readonly wakes: Set<() => void>;
  readonly subscribed: Promise<unknown>;
}

const waitForMs = 2_000;

/** See `Database.listen`. A server that is away now is no failure: the subscription follows when it is back. */
export function createListener(sql: Sql): (channel: string, wake: () => void) => Promise<Disposable> {
  const channels = new Map<string, Channel>();

  const subscribe = (name: string): Channel => {
    const wakes = new Set<() => void>();
    const wakeAll = (): void => {
      for (const wake of wakes) wake();
    };
    const subscribed = sql.listen(name, wakeAll, wakeAll).catch((error: unknown) => {
      if (!isTransient(error)) throw error;
    });
    return { wakes, subscribed };
  };

  return async (name, wake) => {
    const channel = channels.get(name) ?? subscribe(name);
    channels.set(name, channel);
    const own = (): void => wake();
    channel.wakes.add(own);
    await Promise.race([channel.subscribed, sleep(waitForMs, undefined, { ref: false })]);
    return { [Symbol.dispose]: () => void channel.wakes.delete(own) };
  };
}
