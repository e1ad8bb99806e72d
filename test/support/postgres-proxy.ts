// Stands between a service and Postgres and reads along, so that it can lose an answer at the worst moment: the server
// has committed, and the client never hears of it.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { Test } from "tap";

/** What becomes of the answer to a statement. `swallow`: its connection breaks in place of it. */
type Fate = "pass" | "swallow";

export interface PostgresProxy {
  /** The given URL, with the proxy's address in it. */
  readonly url: string;
  /** How many answers were swallowed. */
  readonly swallowed: number;
}

export interface PostgresProxyOptions {
  /** A text that the statements in question carry, in their SQL or in a parameter. */
  readonly marker: string;
  /** Is asked for each of them, when its answer is complete: by then it is committed, or has failed. */
  readonly fate: () => Fate | Promise<Fate>;
}

const readyForQuery = "Z".charCodeAt(0);

/** Starts a proxy to the Postgres of a URL; it ends with the test. */
export async function startPostgresProxy(
  t: Test,
  url: string,
  { marker, fate }: PostgresProxyOptions,
): Promise<PostgresProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let swallowed = 0;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).once("close", () => sockets.delete(socket));
  };
  const server = createServer((inward) => {
    const outward = connect(Number(target.port), target.hostname);
    keep(inward);
    keep(outward);
    inward.once("close", () => outward.destroy());
    outward.once("close", () => inward.destroy());
    /** What is held back of the answer to a marked statement. */
    let held: Buffer | undefined;
    inward.on("data", (data) => {
      if (data.includes(marker)) held ??= Buffer.alloc(0);
      outward.write(data);
    });
    outward.on("data", (data) => {
      if (held === undefined) {
        inward.write(data);
        return;
      }
      held = Buffer.concat([held, data]);
      if (!isComplete(held)) return;
      const answer = held;
      held = undefined;
      void Promise.resolve(fate()).then((fate) => {
        if (fate === "pass") {
          inward.write(answer);
          return;
        }
        swallowed++;
        inward.resetAndDestroy();
      });
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.teardown(async () => {
    const closed = once(server.close(), "close");
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const proxied = new URL(url);
  proxied.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: proxied.href,
    get swallowed() {
      return swallowed;
    },
  };
}

/** Whether there is a ReadyForQuery, which the server sends behind the commit; a notification may stand behind it. */
function isComplete(messages: Buffer): boolean {
  for (let at = 0; at + 5 <= messages.length; at += 1 + messages.readUInt32BE(at + 1)) {
    if (messages[at] === readyForQuery) return true;
  }
  return false;
}
