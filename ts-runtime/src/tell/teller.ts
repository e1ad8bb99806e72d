// Sending tells, straight to JetStream or through the outbox of the sender's own transaction (T5).
//
// Invariants:
//   S1. A tell is stored when its promise resolves, in JetStream; with `outbox`, once that transaction is committed.
//   S2. Nothing connects before the first tell.
//   S3. A delay is kept by what stores the tell: by JetStream, which must be able to, or by the outbox.
import { randomUUID } from "node:crypto";
import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { commandId } from "../client/index.ts";
import { tellableMethod } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import { insertMessages } from "../journal/index.ts";
import type { TransactionSql } from "../postgres/index.ts";
import {
  activeTrace,
  createCounter,
  createTracing,
  extractTrace,
  isMeasured,
  traceHeadersOf,
  type Tracing,
} from "../telemetry/index.ts";
import type { Broker } from "../topic/index.ts";
import { laterSubject, tellToken } from "./address.ts";
import { createMessageStore, type MessageStore } from "./message-store.ts";
import { makeTell, outboxMessage, requireDelay, type OutgoingTell } from "./outgoing-tell.ts";
import { createReceipt, replyByToken, type Receipt } from "./receipt.ts";
import type { ReplyOptions } from "./replies.ts";
import { canSchedule, ensureTellStream } from "./stream.ts";

/** How a tell goes out. */
export interface TellOptions {
  /**
   * So long before it reaches its handler: 0 to 100 years. JetStream keeps it, by the sender's clock and to a quarter of a
   * second, which takes nats-server 2.12; with `outbox`, the sender's database does. Default: at once.
   */
  readonly delayMs?: number;
  /**
   * The command id that the handler gets: printable ASCII, 1 to 256 characters. Two tells of one method and key that
   * have the same are one. Default: a random one.
   */
  readonly idempotencyKey?: string;
  /**
   * A transaction of the service's own database, as `transact` gives it: the tell is stored with what that transaction
   * writes, or not at all, and leaves once it is committed. Default: JetStream stores it.
   */
  readonly outbox?: TransactionSql;
  /** The handler gets them as request headers; `traceparent` is one. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long to try to have it stored. Default 10,000 ms. */
  readonly timeoutMs?: number;
}

/** What tells on behalf of a call give on. */
export interface TellCircumstances {
  /** Of the trace; the user's own take precedence. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How much time the call has left. */
  readonly leftMs?: number | undefined;
}

/** Sends tells and finds their replies. */
export interface Teller extends AsyncDisposable {
  tell<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options?: TellOptions,
    circumstances?: TellCircumstances,
  ): Promise<Receipt<O>>;
  reply<O extends DescMessage>(
    method: DescMethodUnary<DescMessage, O>,
    token: string,
    options?: ReplyOptions,
  ): Promise<MessageShape<O>>;
}

export interface TellerOptions {
  /** Who tells: the service's name. */
  readonly source: string;
  /** Connects at the first call, and gives that connection from then on; its owner closes it. */
  readonly broker: () => Promise<Broker>;
  /** Told of each tell's method. It must not take long. Default: nobody is told. */
  readonly onTell?: (method: DescMethod) => void;
}

const defaultTimeoutMs = 10_000;

/** Creates a teller; nothing connects before its first tell. */
export function createTeller({ source, broker, onTell }: TellerOptions): Teller {
  let store: MessageStore | undefined;
  const tracing = createTracing();
  const sent = isMeasured() ? createCounter("samspel.tell.messages") : undefined;

  const storeTell = async (tell: OutgoingTell, { delayMs, timeoutMs }: Delivery): Promise<void> => {
    const connected = await broker();
    store ??= createMessageStore({ broker: connected });
    const { prefix } = connected;
    const { service, method, key } = tell.identity;
    let headers = linesOf(tell);
    let subject = `${prefix}${tell.subject}`;
    if (delayMs !== undefined) {
      await requireSchedules(connected, `${service}.${method}`, service);
      const at = new Date(Date.now() + delayMs).toISOString();
      headers += `Nats-Schedule: @at ${at}\r\nNats-Schedule-Target: ${subject}\r\n`;
      subject = `${prefix}${laterSubject(service, tellToken(tell.identity))}`;
    }
    await store.store({
      stream: tell.stream,
      subject,
      body: tell.body,
      headers,
      key,
      timeoutMs,
      makeStream: () => ensureTellStream(connected, service),
      what: `tell ${service}.${method}`,
    });
  };

  /** Stores a tell in JetStream, and counts it. */
  const publish = async (tell: OutgoingTell, delivery: Delivery): Promise<void> => {
    const destination = { "messaging.destination.name": tell.identity.service };
    try {
      await storeTell(tell, delivery);
      sent?.(1, destination);
    } catch (error) {
      sent?.(1, { ...destination, "error.type": error instanceof SamspelError ? error.code : "other" });
      throw error;
    }
  };

  const tell: Teller["tell"] = async (method, request, options = {}, circumstances = {}) => {
    const tellable = tellableMethod(method);
    onTell?.(method);
    const { idempotencyKey, outbox } = options;
    if (idempotencyKey !== undefined) commandId(idempotencyKey);
    const id = idempotencyKey ?? randomUUID();
    const delayMs = requireDelay(method, options.delayMs);
    const headers = { ...circumstances.headers, ...options.headers };
    const tell = makeTell(tellable, create(method.input, request), { id, source, headers });
    if (outbox === undefined) {
      const timeoutMs = Math.min(options.timeoutMs ?? defaultTimeoutMs, circumstances.leftMs ?? Infinity);
      await publish(tell, { delayMs, timeoutMs });
    } else {
      await insertMessages(outbox, [outboxMessage(tell, delayMs)]);
    }
    return createReceipt(broker, method, tell.identity);
  };

  return {
    tell: tracing === undefined ? tell : inSpans(tell, tracing),
    reply: (method, token, options) => replyByToken(broker, method, { token, options }),
    async [Symbol.asyncDispose]() {
      store?.[Symbol.dispose]();
    },
  };
}

/** Tells in spans: children of the active one, else of the call's trace. */
function inSpans(tell: Teller["tell"], tracing: Tracing): Teller["tell"] {
  return (method, request, options, circumstances = {}) => {
    const service = method.parent.typeName;
    const given = circumstances.headers ?? {};
    const { traceparent: _, tracestate: __, ...others } = given;
    return tracing.run(
      {
        type: "tell",
        name: `tell ${service}/${method.name}`,
        parent: activeTrace() ?? extractTrace({ get: (name) => given[name] }),
        attributes: {
          "messaging.system": "nats",
          "messaging.operation.type": "send",
          "messaging.destination.name": `tell.${service}`,
          "rpc.service": service,
          "rpc.method": method.name,
        },
      },
      async (span) => {
        const headers = { ...others, ...traceHeadersOf(span.context) };
        const receipt = await tell(method, request, options, { ...circumstances, headers });
        span.set({ "samspel.tell.id": receipt.id });
        return receipt;
      },
    );
  };
}

interface Delivery {
  readonly delayMs: number | undefined;
  readonly timeoutMs: number;
}

function linesOf({ messageId, headers }: OutgoingTell): string {
  let lines = `Nats-Msg-Id: ${messageId}\r\n`;
  for (const name in headers) lines += `${name}: ${headers[name]}\r\n`;
  return lines;
}

const scheduling = new WeakMap<Broker, Set<string>>();

async function requireSchedules(broker: Broker, name: string, service: string): Promise<void> {
  const known = scheduling.get(broker) ?? new Set();
  scheduling.set(broker, known);
  if (known.has(service)) return;
  if (!canSchedule(await ensureTellStream(broker, service))) {
    throw new SamspelError(
      "SAMSPEL_INVALID_CONFIGURATION",
      `Cannot tell ${name} with a delay as this NATS cannot deliver later: that takes nats-server 2.12 and a stream that it made; or give \`outbox\`, the transaction of a database, which can`,
    );
  }
  known.add(service);
}
