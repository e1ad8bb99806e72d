// What a message of a live topic is to whoever gets it.
import type { Message } from "@bufbuild/protobuf";
import { decode } from "../codec/index.ts";
import type { Msg } from "nats";
import { keyOf, type LiveTopicDescriptor } from "../descriptor/index.ts";
import { readHeaders, type TopicHeaders } from "../topic/index.ts";

/** What a handler knows beside the message. */
export interface LiveContext {
  /** To whom the message belongs; empty where its type has no key. */
  readonly key: string;
  /** The message's id. */
  readonly id: string;
  /** By name in lower case: CloudEvents attributes, `traceparent`, and the publisher's own. */
  readonly headers: TopicHeaders;
  /** When it was published. */
  readonly time: Date;
  /** Aborts when the service cannot wait for the handler any longer. */
  readonly signal: AbortSignal;
}

/** The subject of a live topic: no stream listens there. */
export function liveSubject(prefix: string, { name }: LiveTopicDescriptor): string {
  return `${prefix}live.${name}`;
}

export function contextOf(
  { keyField }: LiveTopicDescriptor,
  received: Msg,
  message: Message,
  signal: AbortSignal,
): LiveContext {
  const headers = readHeaders(received.headers);
  const time = new Date(headers.get("ce-time") ?? Number.NaN);
  return {
    key: keyField === undefined ? "" : keyOf(keyField, message),
    id: headers.get("ce-id") ?? "",
    headers,
    time: Number.isNaN(time.getTime()) ? new Date() : time,
    signal,
  };
}

/** A message, or `undefined` for what is none. */
export function decodeLive(topic: LiveTopicDescriptor, { data }: Msg): Message | undefined {
  try {
    return decode(topic.message, data);
  } catch {
    return undefined;
  }
}
