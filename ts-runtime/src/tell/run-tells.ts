// A service takes the tells of a proto service that it serves: as one of the instances that share them, in the order of
// each key (T2, T5).
import type { Logger } from "../telemetry/index.ts";
import { readHeaders, runConsumer, type Broker, type Received } from "../topic/index.ts";
import { tellGroup, tellPartitions, tellPartitionSubject, tellStream } from "./address.ts";
import { awaitTellStream } from "./await-stream.ts";
import { handleTell, keepFailure } from "./handle-tell.ts";
import { identityOf, readTell, type IncomingTell } from "./incoming-tell.ts";
import type { ReplyPublisher } from "./reply-publisher.ts";
import { ensureReplyStream, ensureTellStream } from "./stream.ts";
import { sweepTells } from "./sweep.ts";
import type { ToldService } from "./told-service.ts";

export interface RunTellsOptions {
  readonly told: ToldService;
  readonly broker: Broker;
  readonly replies: ReplyPublisher;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** How long running handlers may go on after the stop. Default 25,000 ms. */
  readonly graceMs?: number;
  /** How long one attempt may take. Default 30,000 ms. */
  readonly timeoutMs?: number;
  /** How many tells of different keys are handled at once. Default 128. */
  readonly concurrency?: number;
  /**
   * How often one is tried that fails. Default 16 times: with the default backoff, 100 ms doubled up to a minute, that is
   * for 3 to 7 minutes, and the time of the handler.
   */
  readonly maxAttempts?: number;
}

const backoff = { initialMs: 100, maxMs: 60_000 };

/** Beside the deadline of an attempt, which ends it in time: for a handler that hangs with its process's timers. */
const beyondDeadlineMs = 10_000;

/** What logs, metrics and dead letters call the tells of a proto service. */
export function tellsName(service: string): string {
  return `tell.${service}`;
}

/**
 * Takes tells until `signal` aborts; resolves when the handlers are done. Nothing is made in JetStream before the first
 * tell is there.
 */
export async function runTells(options: RunTellsOptions): Promise<void> {
  const { told, broker, logger, signal } = options;
  await awaitTellStream(broker, told.service.typeName, signal);
  if (signal.aborted) return;
  await ensureReplyStream(broker);
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const sweeping = sweepTells({ broker, service: told.service.typeName, logger, signal: stop });
  try {
    await consume(options);
  } finally {
    ended.abort();
    await sweeping;
  }
}

async function consume(options: RunTellsOptions): Promise<void> {
  const { told, broker, replies, logger, signal, timeoutMs = 30_000 } = options;
  const service = told.service.typeName;
  const { prefix } = broker;
  const handling = { replies, logger, timeoutMs };
  await runConsumer<IncomingTell>({
    broker,
    logger,
    signal,
    ...(options.graceMs === undefined ? {} : { graceMs: options.graceMs }),
    stream: `${prefix}${tellStream(service)}`,
    ensureStream: () => ensureTellStream(broker, service),
    name: tellsName(service),
    partitions: tellPartitions,
    subject: (partition) => `${prefix}${tellPartitionSubject(service, partition)}`,
    group: tellGroup,
    concurrency: options.concurrency ?? 128,
    retry: { ...backoff, maxAttempts: options.maxAttempts ?? 16 },
    handlerTimeoutMs: timeoutMs + beyondDeadlineMs,
    open(message) {
      const { data, headers } = message;
      const value = readTell(told, data, headers);
      return { key: value.identity.key, value };
    },
    describe: ({ identity }) => ({
      "rpc.service": service,
      "rpc.method": identity.method,
      "samspel.tell.id": identity.id,
    }),
    work: { type: "single", handle: (tell, delivery) => handleTell(handling, tell, delivery) },
    async onGiveUp({ rawHeaders }: Received, why) {
      const identity = identityOf(service, readHeaders(rawHeaders));
      if (identity !== undefined) await keepFailure(replies, identity, why);
    },
  });
}
