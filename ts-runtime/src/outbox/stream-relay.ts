// What of the outbox goes to one stream. Streams have a publisher each, so that one which is full or missing does not
// hold up the others.
import type { HeldRange } from "../cluster/index.ts";
import { rangeOf } from "../cluster/index.ts";
import { SamspelError } from "../errors/index.ts";
import { backoff } from "../resilience/index.ts";
import {
  createPublisher,
  sureOf,
  takeLanes,
  type Broker,
  type Lane,
  type Publisher,
  type PublishTrouble,
} from "../topic/index.ts";
import type { OutboxRow } from "./outbox-table.ts";
import { createRelaySpans } from "./relay-spans.ts";

export interface StreamRelayOptions {
  readonly connect: () => Promise<Broker>;
  /** Without the topic prefix. */
  readonly stream: string;
  readonly service: string;
  readonly held: readonly HeldRange[];
  /** Fails where the lease of the ranges is lost. */
  readonly confirm: () => Promise<void>;
  /** Makes the stream where it is missing. */
  readonly ensure: (subject: string) => Promise<unknown>;
  readonly signal: AbortSignal;
  readonly onStored: (row: OutboxRow) => void;
  readonly onRefused: (row: OutboxRow, reason: string) => void;
  readonly onTrouble: (trouble: PublishTrouble) => void;
  /** The lease is lost. */
  readonly onLost: (error: unknown) => void;
}

export interface StreamRelay {
  /** Whether it takes more rows: not before it has its lanes, nor while the broker takes nothing. */
  readonly isReady: boolean;
  send(row: OutboxRow): void;
  /** Sends nothing more, and waits for what is in flight. */
  stop(withinMs: number): Promise<void>;
}

/** Opens the relay to a stream; `first` is a row for it. */
export function openStreamRelay(options: StreamRelayOptions, first: OutboxRow): StreamRelay {
  const { connect, stream, service, held, signal, onStored, onRefused, onLost } = options;
  const traceOf = createRelaySpans(stream);
  let isTroubled = false;
  let lanes: ReadonlyMap<number, Lane> | undefined;
  let publisher: Publisher | undefined;
  let prefix = "";

  const onTrouble = (trouble: PublishTrouble): void => {
    isTroubled = true;
    options.onTrouble(trouble);
    // It may be gone; the next try tells.
    if (trouble.failures > 1) void options.ensure(first.subject).catch(() => {});
  };

  const open = async (): Promise<void> => {
    for (let failures = 0; !signal.aborted;) {
      try {
        const broker = await connect();
        prefix = broker.prefix;
        await broker.connected(signal);
        if (signal.aborted) return;
        await options.ensure(first.subject);
        const ranges = held.map(({ range }) => range);
        const taken = await takeLanes({
          broker,
          stream,
          names: ranges.map((range) => `${service}.outbox.${range}`),
          confirm: options.confirm,
          signal,
        });
        lanes = new Map(taken.map((lane, index) => [ranges[index] ?? 0, lane]));
        const { config } = await broker.manager.streams.info(`${prefix}${stream}`);
        publisher = createPublisher(broker, { onTrouble, sure: sureOf(broker, config) });
        return;
      } catch (error) {
        if (error instanceof SamspelError && error.code === "SAMSPEL_LEASE_LOST") return onLost(error);
        failures++;
        options.onTrouble({ reason: error instanceof Error ? error.message : String(error), failures });
        await backoff(failures, signal);
      }
    }
  };
  const opening = open();

  return {
    get isReady() {
      return publisher !== undefined && !isTroubled;
    },
    send(row) {
      const { headers, span } = traceOf(row);
      const message = {
        subject: `${prefix}${row.subject}`,
        body: row.body,
        headers: headerLinesOf(row.messageId, headers),
        key: row.key,
        span,
      };
      publisher?.send(message, lanes?.get(rangeOf(row.slice)), (outcome) => {
        if (outcome.type === "stored") {
          isTroubled = false;
          onStored(row);
        } else if (outcome.type === "refused") onRefused(row, outcome.reason);
        else onLost(new SamspelError("SAMSPEL_LEASE_LOST", outcome.reason));
      });
    },
    async stop(withinMs) {
      await opening;
      await publisher?.stop(withinMs);
      publisher?.[Symbol.dispose]();
    },
  };
}

/** They were encoded when the row was written; what somebody else wrote must not break out of its line all the same. */
function headerLinesOf(messageId: string, headers: OutboxRow["headers"]): string {
  let lines = `Nats-Msg-Id: ${oneLine(messageId)}\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() !== "nats-msg-id") lines += `${oneLine(name)}: ${oneLine(value)}\r\n`;
  }
  return lines;
}

function oneLine(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?");
}
