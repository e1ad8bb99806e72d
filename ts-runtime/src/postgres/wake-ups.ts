// Wake-ups of who listens to a channel: within the process by a call, between the processes of a schema by NOTIFY.
//
// Invariants:
//   W1. A wake-up leaves behind the commit that it tells of, in a transaction of its own. One that stands in the commit
//       itself takes a lock before it and holds it until the commit is on the disk, and that lock is one for all
//       databases of the server: what notifies would be committed one after the other, in all services together.
//   W2. Those that come while one is under way leave together.
//   W3. Who listens in this process is woken at once, and does not hear this process again from the server.
//   W4. It only wakes, and it dies with the process: who needs the truth reads it, and looks as well.
//   W5. Nothing is sent while no other process listens: those who do say so every two seconds. Whoever is heard again
//       after a silence is told what was not sent meanwhile.
//
// Nobody waits for long for a subscription: where the network swallows it there is no answer at all.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../telemetry/index.ts";
import type { Bounded } from "./bounded.ts";
import type { Database, Sql } from "./database.ts";
import { createNotifier } from "./notifier.ts";
import { isTransient } from "./transient.ts";

export interface WakeUps extends Pick<Database, "listen" | "wake"> {
  /** Sends what is to be sent, for a second at the most, and sends nothing from then on. */
  close(): Promise<void>;
}

export interface WakeUpOptions {
  readonly schema: string;
  /** Its driver keeps one connection that listens, and subscribes again when that comes back. */
  readonly sql: Sql;
  /** Sends the notifications. */
  readonly bounded: Bounded;
  readonly logger: Logger;
  /** How often who listens says so. Default 2,000 ms. */
  readonly sayEveryMs?: number;
  /** How long that is believed: several times as long, as a process may be busy. Default 5,000 ms. */
  readonly believeForMs?: number;
}

interface Channel {
  readonly wakes: Set<() => void>;
  readonly subscribed: Promise<unknown>;
}

const waitForMs = 2_000;

/** See `Database.listen` and `Database.wake`. A server that is away now is no failure: all of it follows. */
export function createWakeUps(options: WakeUpOptions): WakeUps {
  const { schema, sql, bounded, logger, sayEveryMs = 2_000, believeForMs = 5_000 } = options;
  const self = randomUUID();
  const presence = `${schema}.present`;
  const notifier = createNotifier({ bounded, payload: self, logger });
  const channels = new Map<string, Channel>();
  /** What nobody was there to be told. */
  const untold = new Set<string>();
  /** When somebody else was heard, or might have been. */
  let heardAtMs = performance.now();
  let saying: NodeJS.Timeout | undefined;
  let hearing: Promise<unknown> | undefined;

  const wakeHere = (name: string): void => {
    for (const wake of channels.get(name)?.wakes ?? []) wake();
  };

  /** `news` is called when another process says something, and at each subscription, as what came before was missed. */
  const subscribe = async (name: string, news: () => void): Promise<void> => {
    const heard = (sender: string): void => {
      if (sender !== self) news();
    };
    try {
      await sql.listen(name, heard, news);
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
  };

  const open = (name: string): Channel => ({
    wakes: new Set(),
    subscribed: subscribe(name, () => wakeHere(name)),
  });

  /** Somebody is there, or nobody knows. */
  const expectOthers = (): void => {
    heardAtMs = performance.now();
    for (const name of untold) notifier.notify(name);
    untold.clear();
  };

  const hearOthers = async (): Promise<void> => {
    try {
      await subscribe(presence, expectOthers);
    } catch (error) {
      logger.warn({ err: error }, "cannot hear who listens: everybody is told");
      heardAtMs = Infinity;
    }
  };

  const sayHere = (): void => notifier.notify(presence);

  return {
    async listen(name, wake) {
      const channel = channels.get(name) ?? open(name);
      channels.set(name, channel);
      const own = (): void => wake();
      channel.wakes.add(own);
      await Promise.race([channel.subscribed, sleep(waitForMs, undefined, { ref: false })]);
      // Behind the subscription: who hears it and tells from then on is heard.
      saying ??= setInterval(sayHere, sayEveryMs).unref();
      sayHere();
      return { [Symbol.dispose]: () => void channel.wakes.delete(own) };
    },
    wake(name) {
      wakeHere(name);
      hearing ??= hearOthers();
      if (performance.now() - heardAtMs < believeForMs) notifier.notify(name);
      else untold.add(name);
    },
    async close() {
      clearInterval(saying);
      await notifier.close();
    },
  };
}
