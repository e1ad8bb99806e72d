// From a page of the journal to messages, in the page's order.
import { toBinary, type Message } from "@bufbuild/protobuf";
import { keyOf, partitionOf } from "../descriptor/index.ts";
import { toMessage, type EventCase } from "../entity/index.ts";
import type { JournalEvent, Position } from "../journal/index.ts";
import { makeHeaders, partitionSubject, type OutgoingMessage } from "../topic/index.ts";
import type { Publication, PublicationContext } from "./publish.ts";
import type { PassingStates } from "./states.ts";

/** A message, and the place in the journal of the event that it was made of. */
export interface PublishedEvent {
  readonly message: OutgoingMessage;
  readonly position: Position;
}

export interface MakeMessagesOptions {
  readonly publication: Publication;
  readonly states: PassingStates;
  /** The service's name. */
  readonly service: string;
  readonly prefix: string;
}

/**
 * Makes the messages of a page.
 * @throws SAMSPEL_EVENT_UNKNOWN, and what a handler throws with the event named: nothing is skipped by mistake.
 */
export async function makeMessages(
  events: readonly JournalEvent[],
  options: MakeMessagesOptions,
): Promise<readonly PublishedEvent[]> {
  const { publication, states } = options;
  const decoded = events.map((event) => ({
    event,
    contents: publication.entity.decodeEvents(event.payload, event),
  }));
  const handled = new Set(
    decoded
      .filter(({ contents }) => contents.some((content) => publication.handlers.has(content.case)))
      .map(({ event }) => event.entityId),
  );
  await states.prepare(events.filter(({ entityId }) => handled.has(entityId)));
  const result: PublishedEvent[] = [];
  for (const { event, contents } of decoded) {
    const after = states.advance(event, contents);
    for (const [index, content] of contents.entries()) {
      const message = makeMessage({ event, content, index, state: after?.[index] }, options);
      if (message !== undefined) result.push({ message, position: event.position });
    }
  }
  return result;
}

/** One of the things that a stored event means today. */
interface Meaning {
  readonly event: JournalEvent;
  readonly content: EventCase;
  /** Its place among the things that the event means. */
  readonly index: number;
  readonly state: Message | undefined;
}

function makeMessage(meaning: Meaning, options: MakeMessagesOptions): OutgoingMessage | undefined {
  const { event, content, state } = meaning;
  const { topic, handlers } = options.publication;
  const handler = handlers.get(content.case);
  if (handler === undefined) return undefined;
  const { entityId, revision, recordedAt: time } = event;
  if (state === undefined)
    throw new Error(`Cannot fold ${event.entityType} "${entityId}" up to revision ${revision}`);
  const context: PublicationContext<Message> = { entityId, revision, state, time };
  try {
    const init = handler(content.value, context);
    return init && outgoing(toMessage(topic.message, init), meaning, { context, ...options });
  } catch (error) {
    throw new Error(
      `Cannot publish revision ${revision} of ${event.entityType} "${entityId}" (${content.case}) to ${topic.name}`,
      { cause: error },
    );
  }
}

function outgoing(
  body: Message,
  { event, index }: Meaning,
  {
    context,
    publication,
    service,
    prefix,
  }: MakeMessagesOptions & { readonly context: PublicationContext<Message> },
): OutgoingMessage {
  const { topic, headers } = publication;
  const key = keyOf(topic.keyField, body);
  if (key === "")
    throw new TypeError(`${topic.message.typeName} needs its key: ${topic.keyField.localName} is empty`);
  const trace = event.metadata["traceparent"];
  return {
    subject: partitionSubject(prefix, topic, partitionOf(key, topic.partitions)),
    body: toBinary(topic.message, body),
    headers: makeHeaders(
      {
        id: `${event.entityType}/${event.entityId}/${event.revision}${index === 0 ? "" : `/${index}`}`,
        service,
        type: topic.message.typeName,
        time: event.recordedAt,
        key,
      },
      { ...(trace === undefined ? {} : { traceparent: trace }), ...headers?.(body, context) },
    ),
  };
}
