// LISTEN for many listeners over one connection. The driver subscribes again when the connection comes back; a channel
// stays subscribed until the database is closed.
import type { Sql } from "./database.ts";
import { isTransient } from "./transient.ts";

interface Channel {
  readonly wakes: Set<() => void>;
  readonly subscribed: Promise<unknown>;
}

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
    await channel.subscribed;
    return { [Symbol.dispose]: () => void channel.wakes.delete(own) };
  };
}
