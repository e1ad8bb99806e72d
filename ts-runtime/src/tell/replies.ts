// What came of tells, kept in one stream: a subject for each tell, whose last message counts.
//
// Invariants:
//   R1. Who awaits a reply listens first and looks then, so that none comes in between unseen; after a reconnection it
//       looks again. A reply may be on its way to where it is kept meanwhile, and in a cluster a subscription reaches
//       all servers a moment later than it is made: so it also looks again soon, and ever more seldom.
//   R2. What failed reads like the failure of a call: the same code, message and details.
import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import { decode } from "../codec/index.ts";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Msg } from "nats";
import { SamspelError } from "../errors/index.ts";
import { TellReplySchema, type TellFailure, type TellReply } from "../gen/samspel/v1/tell_pb.ts";
import { backoffMs, createLatch } from "../resilience/index.ts";
import type { Broker } from "../topic/index.ts";
import { nameOf, replyStream, replySubject } from "./address.ts";
import { replyRetentionMs } from "./stream.ts";
import type { TellToken } from "./token.ts";

export interface ReplyOptions {
  /** How long to wait. Default 10,000 ms. */
  readonly timeoutMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

const lookTimeoutMs = 2_000;
const looks = { initialMs: 250, maxMs: 60_000 };

/**
 * The reply to a tell, when there is one.
 * @throws ConnectError as a call does where the handler rejected the tell, or it was given up.
 * @throws SAMSPEL_DEADLINE_EXCEEDED where none came in time; it may come later.
 * @throws SAMSPEL_REPLY_GONE where it is not kept any more, or was too large to be kept.
 */
export async function awaitReply<O extends DescMessage>(
  broker: Broker,
  method: DescMethodUnary<DescMessage, O>,
  token: TellToken,
  { timeoutMs = 10_000, signal }: ReplyOptions = {},
): Promise<MessageShape<O>> {
  const subject = `${broker.prefix}${replySubject(method.parent.typeName, token.hash)}`;
  const body = await firstMessage(broker, subject, { timeoutMs, signal, method, token });
  return responseOf(method, decode(TellReplySchema, body));
}

/** What is kept of a tell now; undefined where nothing is. */
export async function lookUpReply(
  broker: Broker,
  service: string,
  token: TellToken,
): Promise<TellReply | undefined> {
  const body = await lookUp(broker, `${broker.prefix}${replySubject(service, token.hash)}`);
  return body && decode(TellReplySchema, body);
}

interface Waiting {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly method: DescMethodUnary;
  readonly token: TellToken;
}

async function firstMessage(broker: Broker, subject: string, waiting: Waiting): Promise<Uint8Array> {
  const { timeoutMs, signal, method, token } = waiting;
  const endsAtMs = performance.now() + timeoutMs;
  const over = new AbortController();
  const end = (): void => over.abort();
  signal?.addEventListener("abort", end);
  const news = createLatch();
  let heard: Uint8Array | undefined;
  const subscription = broker.connection.subscribe(subject, {
    callback: (error, message) => {
      if (error !== null) return;
      heard = message.data;
      news.set();
    },
  });
  broker.onReconnect(() => news.set(), over.signal);
  try {
    for (let number = 1; ; number++) {
      signal?.throwIfAborted();
      const body = heard ?? (await lookUp(broker, subject).catch(() => undefined)) ?? heard;
      if (body !== undefined) return body;
      const leftMs = endsAtMs - performance.now();
      if (leftMs <= 0) throw noReply(method, token, timeoutMs);
      await news.wait(Math.min(leftMs, backoffMs(number, looks)), over.signal);
    }
  } finally {
    signal?.removeEventListener("abort", end);
    over.abort();
    subscription.unsubscribe();
  }
}

/** The last message of a subject, if there is one. */
async function lookUp({ connection, prefix }: Broker, subject: string): Promise<Uint8Array | undefined> {
  const address = `$JS.API.DIRECT.GET.${prefix}${replyStream}.${subject}`;
  let message: Msg;
  try {
    message = await connection.request(address, undefined, { timeout: lookTimeoutMs });
  } catch (error) {
    if (error instanceof Error && error.message === noResponders) return undefined; // no reply was ever kept
    throw error;
  }
  if (message.headers === undefined || message.headers.code >= 300) return undefined;
  return message.data;
}

const noResponders = "503";

function noReply(method: DescMethodUnary, { toldAtMs }: TellToken, timeoutMs: number): SamspelError {
  const name = nameOf(method);
  if (Date.now() - toldAtMs > replyRetentionMs) {
    return new SamspelError(
      "SAMSPEL_REPLY_GONE",
      `The reply to a tell of ${name} is not there: it was told at ${new Date(toldAtMs).toISOString()}, and replies are kept for 7 days`,
    );
  }
  return new SamspelError(
    "SAMSPEL_DEADLINE_EXCEEDED",
    `No reply to a tell of ${name} came within ${timeoutMs} ms: the tell is stored, so its reply may come later; wait again`,
  );
}

function responseOf<O extends DescMessage>(
  method: DescMethodUnary<DescMessage, O>,
  { outcome }: TellReply,
): MessageShape<O> {
  switch (outcome.case) {
    case "response":
      return decode(method.output, outcome.value);
    case "failure":
      throw errorOf(outcome.value);
    case "tooLarge":
      throw new SamspelError(
        "SAMSPEL_REPLY_GONE",
        `A tell of ${nameOf(method)} was carried out, but its reply of ${outcome.value} bytes was too large to be kept: have the method answer less`,
      );
    case undefined:
      throw new SamspelError(
        "SAMSPEL_INTERNAL",
        `What is kept of a tell of ${nameOf(method)} says nothing: it was made by another version`,
      );
  }
}

/** The failure of a tell, as that of a call. */
export function errorOf({ code, message, details }: TellFailure): ConnectError {
  const error = new ConnectError(message, code in Code ? code : Code.Unknown);
  error.details = details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  return error;
}
