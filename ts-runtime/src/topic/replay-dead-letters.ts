// Has dead letters tried again, by the instance that holds their partition.
import { NatsError } from "nats";
import { setTimeout as sleep } from "node:timers/promises";
import { partitionOf } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { Broker } from "./broker.ts";
import type { ReplayAnswer, ReplayRequest } from "./consume/replays.ts";
import { replaySubject } from "./consume/work-key.ts";
import { numbersOf, readDeadLetter, type DeadLetter, type DeadLetterFilter } from "./dead-letters.ts";

/** How it went: done, and dropped; or failed again, and kept. */
export type ReplayResult = { readonly type: "handled" } | { readonly type: "failed"; readonly error: string };

/** Partitions move within some seconds of a crash. */
const nobodyAfterMs = 8_000;
const askAgainMs = 200;
const defaultTimeoutMs = 90_000;

/**
 * Gives a dead letter to its group's handler again, in the lane of its key. It is dropped when the handler is done, and
 * stays with one more attempt when it fails.
 * @throws SAMSPEL_NOT_FOUND where there is none of that number.
 * @throws SAMSPEL_NO_INSTANCE where nobody runs the group, or it is paused.
 * @throws SAMSPEL_DEADLINE_EXCEEDED where the handler is not done within `timeoutMs` (default 90,000 ms); it goes on.
 */
export async function replayDeadLetter(
  broker: Broker,
  number: number,
  { timeoutMs = defaultTimeoutMs }: { readonly timeoutMs?: number } = {},
): Promise<ReplayResult> {
  const letter = await readDeadLetter(broker, number);
  const { stream, group } = letter;
  const subject = replaySubject(broker.prefix, stream, group, await partitionOfLetter(broker, letter));
  const beganMs = performance.now();
  for (;;) {
    const answer = await ask(broker, subject, { number }, timeoutMs);
    switch (answer.type) {
      case "handled":
      case "failed":
        return answer;
      case "gone":
        await readDeadLetter(broker, number);
        break;
      case "paused":
        throw new SamspelError(
          "SAMSPEL_NO_INSTANCE",
          `Cannot replay dead letter ${number}: group ${group} of ${stream} is paused; resume it first`,
        );
      case "moved":
        break;
    }
    if (performance.now() - beganMs > nobodyAfterMs) {
      throw new SamspelError(
        "SAMSPEL_NO_INSTANCE",
        `Cannot replay dead letter ${number}: no instance runs group ${group} of ${stream}; start one that subscribes`,
      );
    }
    await sleep(askAgainMs);
  }
}

/** How far a replay of many letters has come. */
export interface ReplayProgress {
  /** The letter that was tried. */
  readonly number: number;
  readonly result: ReplayResult;
  readonly handled: number;
  readonly failed: number;
  /** How many there were at the beginning. */
  readonly total: number;
}

/**
 * Replays the dead letters that there are now, the oldest first, one after the other; whoever breaks out of the loop
 * ends it after the present one.
 * @throws as `replayDeadLetter`; letters that are gone meanwhile are left out.
 */
export async function* replayDeadLetters(
  broker: Broker,
  filter: DeadLetterFilter,
): AsyncGenerator<ReplayProgress> {
  const numbers = await numbersOf(broker, filter);
  let handled = 0;
  let failed = 0;
  for (const number of numbers) {
    try {
      const result = await replayDeadLetter(broker, number);
      if (result.type === "handled") handled += 1;
      else failed += 1;
      yield { number, result, handled, failed, total: numbers.length };
    } catch (error) {
      if (!(error instanceof SamspelError && error.code === "SAMSPEL_NOT_FOUND")) throw error;
    }
  }
}

async function ask(
  { connection }: Broker,
  subject: string,
  request: ReplayRequest,
  timeoutMs: number,
): Promise<ReplayAnswer> {
  try {
    const reply = await connection.request(subject, JSON.stringify(request), { timeout: timeoutMs });
    return reply.json<ReplayAnswer>();
  } catch (error) {
    if (error instanceof NatsError && error.code === "503") return { type: "moved" }; // nobody holds it now
    if (error instanceof NatsError && error.code === "TIMEOUT") {
      throw new SamspelError(
        "SAMSPEL_DEADLINE_EXCEEDED",
        `The replay of dead letter ${request.number} was not done within ${timeoutMs} ms; it goes on: look at the letter later`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** Letters that were parked in other languages do not say their subject. */
async function partitionOfLetter({ manager }: Broker, { subject, stream, key }: DeadLetter): Promise<number> {
  const last = Number(subject.slice(subject.lastIndexOf(".") + 1) || Number.NaN);
  if (Number.isInteger(last)) return last;
  const { config } = await manager.streams.info(stream);
  return partitionOf(key, Number(config.metadata?.["samspel-partitions"] ?? 1));
}
