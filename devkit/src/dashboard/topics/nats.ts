// The dashboard's connections to NATS. Nothing connects before somebody looks at a topic.
import { Code, ConnectError } from "@connectrpc/connect";
import { createTopicPublisher, type TopicPublisher } from "@samspel/runtime/publisher";
import type { NatsConnection } from "nats";
import { connectNats } from "../../topics/index.ts";
import { ownName } from "../calls/index.ts";

export interface DashboardNats extends AsyncDisposable {
  /** Stands before the names of streams and subjects. */
  readonly prefix: string;
  readonly publisher: TopicPublisher;
  /** @throws ConnectError UNAVAILABLE where NATS does not answer. */
  connection(): Promise<NatsConnection>;
}

/** Opens nothing yet. */
export function openNats(natsUrl: string, prefix: string): DashboardNats {
  const publisher = createTopicPublisher({ natsUrl, topicPrefix: prefix, name: ownName });
  let opening: Promise<NatsConnection> | undefined;
  return {
    prefix,
    publisher,
    async connection() {
      opening ??= connectNats(natsUrl, ownName);
      try {
        return await opening;
      } catch (error) {
        opening = undefined;
        throw notReached(error);
      }
    },
    async [Symbol.asyncDispose]() {
      await publisher[Symbol.asyncDispose]();
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}

/** What NATS did not answer, as an error for callers. */
export function notReached(error: unknown): ConnectError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ConnectError(`NATS does not answer (${reason})`, Code.Unavailable);
}

/** @throws ConnectError FAILED_PRECONDITION where nobody said where NATS is. */
export function required(nats: DashboardNats | undefined, what: string): DashboardNats {
  if (nats !== undefined) return nats;
  throw new ConnectError(`Cannot ${what}: ${natsMissing}`, Code.FailedPrecondition);
}

export const natsMissing = "nothing says where NATS is: start the dashboard with --nats nats://host:port";
