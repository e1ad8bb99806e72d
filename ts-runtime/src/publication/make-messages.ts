// From an event of the journal to its messages.
import type { Message } from "@bufbuild/protobuf";
import { encode } from "../codec/index.ts";
import { keyOf, partitionOf } from "../descriptor/index.ts";
import { toMessage, type EventCase } from "../entity/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { RangedEvent } from "../journal/index.ts";
import { headerLines, partitionSubject, type OutgoingMessage } from "../topic/index.ts";
import type { Publication, PublicationContext, PublicationSource } from "./publish.ts";
import { createPublicationSpans } from "./publication-spans.ts";
import type { PassingStates } from "./states.ts";

export interface MessageMaker {
  /** Reads a page's events and makes their entities ready; call it once per page, before `messagesOf`. */
  prepare(events: readonly RangedEvent[]): Promise<void>;
  /**
   * The messages of an event. Call it for each event of the page, in order.
   * @throws SAMSPEL_EVENT_UNKNOWN for an event of a newer version of the service.
   * @throws UnpublishableError where the event itself or its handler is to blame.
   */
  messagesOf(event: RangedEvent): readonly OutgoingMessage[];
}

export interface MessageMakerOptions {
  readonly publication: Publication;
  /** By the name of the entity. */
  readonly states: ReadonlyMap<string, PassingStates>;
  /** The service's name. */
  readonly service: string;
  readonly prefix: string;
  /** The largest message that is taken, headers included. */
  readonly maxBytes: number;
}

/** An event that cannot become a message, with the reason as its cause. */
export class UnpublishableError extends Error {
  constructor({ entityType, entityId, revision }: RangedEvent, topic: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`Cannot publish revision ${revision} of ${entityType} "${entityId}" to ${topic}: ${why}`, {
      cause,
    });
  }
}

interface Decoded {
  readonly source: PublicationSource;
  readonly contents: readonly EventCase[];
}

const fenceBytes = 512;

/** Makes messages; it keeps the states of entities between pages. */
export function createMessageMaker(options: MessageMakerOptions): MessageMaker {
  const { publication, states } = options;
  const { topic, sources } = publication;
  const traceOf = createPublicationSpans(topic.name);
  let decoded = new Map<RangedEvent, Decoded | { readonly error: unknown }>();

  const decode = (event: RangedEvent): Decoded | { readonly error: unknown } | undefined => {
    const source = sources.get(event.entityType);
    if (source === undefined) return undefined;
    try {
      return { source, contents: source.entity.decodeEvents(event.payload, event) };
    } catch (error) {
      return { error };
    }
  };

  const outgoing = (init: object, event: RangedEvent, made: Made): OutgoingMessage => {
    const body = toMessage(topic.message, init);
    const key = keyOf(topic.keyField, body);
    if (key === "")
      throw new TypeError(`${topic.message.typeName} needs its key: ${topic.keyField.localName} is empty`);
    if (publication.order === "key" && key !== event.entityId) {
      throw new TypeError(
        `its key ${topic.keyField.localName} is "${key}" and not the entity's id, so messages of one key would not be ordered: ` +
          `give publish() the option order: "journal", or order: "entity" where only the order of each entity counts`,
      );
    }
    const id = `${event.entityType}/${event.entityId}/${event.revision}${made.index === 0 ? "" : `/${made.index}`}`;
    const trace = traceOf({ event, id, key });
    const own = publication.headers?.(body, made.context);
    const message: OutgoingMessage = {
      subject: partitionSubject(options.prefix, topic, partitionOf(key, topic.partitions)),
      body: encode(topic.message, body),
      // What is kept in order: see PublicationOrder.
      key: publication.order === "entity" ? event.entityId : key,
      headers: headerLines(
        {
          id,
          service: options.service,
          type: topic.message.typeName,
          time: event.recordedAt,
          key,
        },
        trace.headers === undefined ? own : { ...trace.headers, ...own },
      ),
      span: trace.span,
    };
    const bytes = message.body.length + message.headers.length + fenceBytes;
    if (bytes > options.maxBytes)
      throw new RangeError(`its message has ${bytes} bytes, and the server takes ${options.maxBytes}`);
    return message;
  };

  const make = (event: RangedEvent, { source, contents }: Decoded): readonly OutgoingMessage[] => {
    const after = states.get(event.entityType)?.advance(event, contents);
    const result: OutgoingMessage[] = [];
    for (const [place, content] of contents.entries()) {
      const handler = source.handlers.get(content.case);
      if (handler === undefined) continue;
      const state = after?.[place];
      const { entityId, revision, recordedAt: time } = event;
      if (state === undefined) throw new Error(`cannot fold it up to there`);
      const context: PublicationContext<Message> = { entityId, revision, state, time };
      const inits = handler(content.value, context);
      if (inits === undefined) continue;
      for (const init of Array.isArray(inits) ? inits : [inits])
        result.push(outgoing(init, event, { context, index: result.length }));
    }
    return result;
  };

  return {
    async prepare(events) {
      decoded = new Map();
      const handled = new Map<string, Set<string>>();
      for (const event of events) {
        const found = decode(event);
        if (found === undefined) continue;
        decoded.set(event, found);
        if ("error" in found || !found.contents.some((content) => found.source.handlers.has(content.case)))
          continue;
        const ids = handled.get(event.entityType) ?? new Set();
        handled.set(event.entityType, ids.add(event.entityId));
      }
      for (const [type, ids] of handled) {
        await states
          .get(type)
          ?.prepare(events.filter((event) => event.entityType === type && ids.has(event.entityId)));
      }
    },
    messagesOf(event) {
      const found = decoded.get(event);
      if (found === undefined) return [];
      try {
        if ("error" in found) throw found.error;
        return make(event, found);
      } catch (error) {
        // A newer version of the service knows it: that is for an instance of that version.
        if (error instanceof SamspelError && error.code === "SAMSPEL_EVENT_UNKNOWN") throw error;
        throw new UnpublishableError(event, topic.name, error);
      }
    },
  };
}

interface Made {
  readonly context: PublicationContext<Message>;
  /** Its place among the messages of the event. */
  readonly index: number;
}
