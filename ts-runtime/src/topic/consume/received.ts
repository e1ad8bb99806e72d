// A message as a consumer without acks delivers it. Headers cost more to read than all the rest, so they are read only
// where somebody asks for them.
import type { Msg, MsgHdrs, StoredMsg } from "nats";
import { readHeaders, type TopicHeaders } from "../headers.ts";

/** A message of a stream. */
export interface Received {
  readonly stream: string;
  /** Its number in the stream. */
  readonly sequence: number;
  readonly subject: string;
  readonly data: Uint8Array;
  /** By name in lower case; read when asked for. */
  readonly headers: TopicHeaders;
  /** As they came. */
  readonly rawHeaders: MsgHdrs | undefined;
  /** When it was stored. */
  readonly storedAt: Date;
}

/** The numbers in a message's reply subject. */
export interface ReplyNumbers {
  sequence: number;
  consumerSequence: number;
}

/**
 * Reads `$JS.ACK[.<domain>.<account>].<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<time>.<pending>…`
 * into `numbers`; `prefixLength` is what stands before `<delivered>`.
 */
export function readReply(reply: string, prefixLength: number, numbers: ReplyNumbers): void {
  let index = reply.indexOf(".", prefixLength) + 1;
  let sequence = 0;
  for (let code = reply.charCodeAt(index); code !== 46; code = reply.charCodeAt(++index)) {
    sequence = sequence * 10 + code - 48;
  }
  index += 1;
  let consumerSequence = 0;
  for (let code = reply.charCodeAt(index); code !== 46; code = reply.charCodeAt(++index)) {
    consumerSequence = consumerSequence * 10 + code - 48;
  }
  numbers.sequence = sequence;
  numbers.consumerSequence = consumerSequence;
}

/** The length of a reply subject up to `<delivered>`. */
export function replyPrefixLength(reply: string): number {
  const tokens = reply.split(".");
  const before = tokens.slice(0, tokens.length === 9 ? 4 : 6);
  return before.join(".").length + 1;
}

/** Of a message that was delivered. */
export class DeliveredMessage implements Received {
  readonly stream: string;
  readonly sequence: number;
  readonly #message: Msg;
  #data: Uint8Array | undefined;
  #headers: TopicHeaders | undefined;

  constructor(stream: string, sequence: number, message: Msg) {
    this.stream = stream;
    this.sequence = sequence;
    this.#message = message;
  }

  get subject(): string {
    return this.#message.subject;
  }

  get data(): Uint8Array {
    return (this.#data ??= this.#message.data); // which makes a new view each time
  }

  get rawHeaders(): MsgHdrs | undefined {
    return this.#message.headers;
  }

  get headers(): TopicHeaders {
    return (this.#headers ??= readHeaders(this.#message.headers));
  }

  get storedAt(): Date {
    const reply = this.#message.reply ?? "";
    const [, , , nanoseconds = "0"] = reply.slice(replyPrefixLength(reply)).split(".");
    return new Date(Number(BigInt(nanoseconds) / 1_000_000n));
  }
}

/** Of a message that was asked for by its number. */
export function storedMessage(stream: string, { seq, subject, data, header, time }: StoredMsg): Received {
  return {
    stream,
    sequence: seq,
    subject,
    data,
    rawHeaders: header,
    headers: readHeaders(header),
    storedAt: time,
  };
}
