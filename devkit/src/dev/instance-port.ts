// Ports for the processes behind a front: below those that the system hands out for outgoing connections, so that none
// of them takes it before the process listens.
import { inspectPort } from "../process/index.ts";

const first = 10_000;
const count = 10_000;
const tries = 50;

/** A port of 10000 to 19999 where nobody listens; chosen at random, as other runs choose there too. */
export async function instancePort(host: string): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = first + Math.floor(Math.random() * count);
    if (attempt === tries || (await inspectPort(port, host)).type === "free") return port;
  }
}
