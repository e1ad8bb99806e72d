// Lanes: the right to publish some messages to a stream alone, kept by the server. A lane is a piece of a work, such as
// a range of a publication.
//
// Invariants:
//   F1. Who takes a lane stores a message on the lane's fence subject; each message that it publishes names that
//       message's sequence as the subject's last (Nats-Expected-Last-Subject-Sequence). So what a former holder sends
//       later, however long it slept, is refused by the server.
//   F2. A fence is stored by compare-and-set on the one that was there before the lease was confirmed. So one who lost
//       the lease in between takes no lane.
//   F3. Limits of the stream may drop a fence. Its holder is refused then, confirms its lease and takes the lane anew.
//   F4. A replicated stream has one message for each fence in process. There a lane has several fences, and as many
//       messages in flight; messages of one key share one.
import { crc32 } from "node:zlib";
import { NatsError } from "nats";
import { invalidConfiguration, SamspelError } from "../errors/index.ts";
import { backoff } from "../resilience/index.ts";
import { apiErrorOf, noMessageFound } from "./api-error.ts";
import type { Broker } from "./broker.ts";
import { ensureFences, fenceSubject } from "./stream.ts";

export interface LanesOptions {
  readonly broker: Broker;
  /** Without the prefix. It exists. */
  readonly stream: string;
  /** Whose lanes they are; the same for all holders. Letters, digits, `_`, `-` and `.`. */
  readonly names: readonly string[];
  /** Fails with SAMSPEL_LEASE_LOST where this process does not hold the lease of these lanes. */
  readonly confirm: () => Promise<unknown>;
  /** Ends the waiting between attempts. */
  readonly signal: AbortSignal;
}

/** A lane that this process has taken. */
export interface Lane {
  readonly name: string;
  /** Messages with the same one go one after the other. */
  queueOf(key: string): string;
  /** A sequence of the stream that all messages of the lane lie behind, from now on. */
  readonly since: number;
  /** The header lines that fence the messages of a queue. */
  fenceOf(queue: string): string;
  /** Takes the lane anew, after a message was refused (F3). @throws SAMSPEL_LEASE_LOST where it is not ours. */
  retake(): Promise<void>;
}

/** Of a replicated stream: so many messages of a lane are in flight at most (F4). */
const fencesOfReplicated = 16;

const wrongLastSequence: ReadonlySet<number> = new Set([10_071, 10_164]);
const maxAttempts = 20;

/** The first server that knows the header of F1. */
const minimum = { major: 2, minor: 11 };

/** @throws SAMSPEL_INVALID_CONFIGURATION for a server that would not fence. */
export function requireFences({ connection }: Broker): void {
  const version = connection.info?.version ?? "unknown";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > minimum.major || (major === minimum.major && minor >= minimum.minor)) return;
  throw invalidConfiguration(
    `Cannot publish to NATS ${version} as it does not fence publishers: upgrade nats-server to 2.11 or newer`,
  );
}

/**
 * Takes lanes of a stream (F1, F2); together, as it costs three round trips.
 * @throws SAMSPEL_LEASE_LOST from `confirm`.
 * @throws SAMSPEL_BROKER_UNREACHABLE where the stream does not answer.
 */
export async function takeLanes(options: LanesOptions): Promise<readonly Lane[]> {
  const { broker, stream, names } = options;
  requireFences(broker);
  try {
    const { config } = await ensureFences(broker, stream);
    const fences = config.num_replicas > 1 ? fencesOfReplicated : 1;
    const lanes = names.map((name) => createLane(options, name, fences));
    await takeAll(
      options,
      lanes.flatMap(({ subjects }) => subjects),
    );
    return lanes.map(({ lane }) => lane);
  } catch (error) {
    throw unreachable(error, stream);
  }
}

interface Fence {
  readonly subject: string;
  lines: string;
  sequence: number;
}

function createLane(
  options: LanesOptions,
  name: string,
  fences: number,
): { readonly lane: Lane; readonly subjects: readonly Fence[] } {
  const { broker, stream } = options;
  const subjects: readonly Fence[] = Array.from({ length: fences }, (_, index) => ({
    subject: fenceSubject(broker.prefix, stream, `${name}.${index}`),
    lines: "",
    sequence: 0,
  }));
  const lane: Lane = {
    name,
    get since() {
      return Math.min(...subjects.map(({ sequence }) => sequence));
    },
    queueOf: (key) => (fences === 1 ? `${name}/${key}` : `${name}/${crc32(key) % fences}`),
    fenceOf: (queue) => subjects[fences === 1 ? 0 : Number(queue.slice(name.length + 1))]?.lines ?? "",
    retake: () =>
      takeAll(options, subjects).catch((error: unknown) => {
        throw unreachable(error, stream);
      }),
  };
  return { lane, subjects };
}

async function takeAll(options: LanesOptions, fences: readonly Fence[]): Promise<void> {
  let rest = fences;
  for (let attempt = 1; rest.length > 0; attempt++) {
    if (attempt > maxAttempts) throw new Error(`others take these lanes at the same time`);
    if (attempt > 1) await backoff(attempt, options.signal, { initialMs: 10, maxMs: 500 });
    const before = await Promise.all(rest.map((fence) => lastSequence(options, fence)));
    await options.confirm();
    const taken = await Promise.all(rest.map((fence, index) => store(options, fence, before[index] ?? 0)));
    rest = rest.filter((_, index) => taken[index] !== true);
  }
}

async function lastSequence({ broker, stream }: LanesOptions, { subject }: Fence): Promise<number> {
  try {
    const { seq } = await broker.manager.streams.getMessage(`${broker.prefix}${stream}`, {
      last_by_subj: subject,
    });
    return seq;
  } catch (error) {
    if (apiErrorOf(error) === noMessageFound) return 0;
    throw error;
  }
}

/** Stores a fence; false where another one came first. */
async function store({ broker }: LanesOptions, fence: Fence, expected: number): Promise<boolean> {
  try {
    const { seq } = await broker.connection
      .jetstream()
      .publish(fence.subject, undefined, { expect: { lastSubjectSequence: expected } });
    fence.sequence = seq;
    fence.lines =
      `Nats-Expected-Last-Subject-Sequence: ${seq}\r\n` +
      `Nats-Expected-Last-Subject-Sequence-Subject: ${fence.subject}\r\n`;
    return true;
  } catch (error) {
    if (wrongLastSequence.has(apiErrorOf(error))) return false;
    throw error;
  }
}

function unreachable(error: unknown, stream: string): unknown {
  if (error instanceof SamspelError || !(error instanceof Error)) return error;
  const reason = error instanceof NatsError ? (error.api_error?.description ?? error.message) : error.message;
  return new SamspelError("SAMSPEL_BROKER_UNREACHABLE", `Cannot publish to stream ${stream} now: ${reason}`, {
    cause: error,
  });
}
