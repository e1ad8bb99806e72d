// From a page of the journal to messages, in the page's order.
import { toBinary, type Message } from "@bufbuild/protobuf";
import { keyOf, partitionOf } from "../descriptor/index.ts";
import { toMessage } from "../entity/index.ts";
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
  const decoded = events.map((event) => ({ event, content: publication.entity.decodeEvent(event.payload) }));
  const handled = new Set(
    decoded
      .filter(({ content }) => publication.handlers.has(content.case))
      .map(({ event }) => event.entityId),
  );
  await states.prepare(events.filter(({ entityId }) => handled.has(entityId)));
  const result: PublishedEvent[] = [];
  for (const { event, content } of decoded) {
    const state = states.advance(event, content);
    const handler = publication.handlers.get(content.case);
    if (handler === undefined) continue;
    if (state === undefined) {
      throw new Error(`Cannot fold ${event.entityType} "${event.entityId}" up to revision ${event.revision}`);
    }
    const { entityId, revision, recordedAt: time } = event;
    const context: PublicationContext<Message> = { entityId, revision, state, time };
    try {
      const init = handler(content.value, context);
      if (init === undefined) continue;
      const body = toMessage(publication.topic.message, init);
      result.push({ message: outgoing(body, event, context, options), position: event.position });
    } catch (error) {
      throw new Error(
        `Cannot publish revision ${revision} of ${event.entityType} "${entityId}" (${content.case}) to ${publication.topic.name}`,
        { cause: error },
      );
    }
  }
  return result;
}

function outgoing(
  body: Message,
  event: JournalEvent,
  context: PublicationContext<Message>,
  { publication, service, prefix }: MakeMessagesOptions,
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
        id: `${event.entityType}/${event.entityId}/${event.revision}`,
        service,
        type: topic.message.typeName,
        time: event.recordedAt,
        key,
      },
      { ...(trace === undefined ? {} : { traceparent: trace }), ...headers?.(body, context) },
    ),
  };
}
