// The streams of groups that this instance serves, and commits on their way to the instance that serves theirs.
//
// G4. A commit reaches its reader wherever that is, through NATS; where it is nowhere any more, that is an error and
//     not a silent success.
import { NatsError } from "nats";
import { SamspelError } from "../errors/index.ts";
import type { Broker } from "../topic/index.ts";
import type { GroupPosition } from "./group-position.ts";
import { openGroupReader, type GroupReader, type GroupReaderOptions } from "./group-reader.ts";

/** What a caller commits. */
interface Commit extends GroupPosition {
  readonly topic: string;
  readonly group: string;
}

/** The readers of an instance; disposing waits until the partitions of all are given back. */
export interface GroupReaders extends AsyncDisposable {
  open(
    options: Pick<GroupReaderOptions, "topic" | "group" | "start" | "maxUncommitted" | "signal">,
  ): GroupReader;
  /**
   * @throws SAMSPEL_POSITION_GONE where the reader is over, SAMSPEL_INVALID_REQUEST where it is another group's,
   *   SAMSPEL_BROKER_UNREACHABLE where NATS is away.
   */
  commit(commit: Commit): Promise<void>;
}

const noResponders = "503";
const lingerMs = 5_000;
const answerWithinMs = 5_000;

export function createGroupReaders(broker: Broker): GroupReaders {
  const { connection } = broker;
  const readers = new Map<string, GroupReader>();
  const subject = (id: string): string => `${broker.prefix}readers.${id}`;

  const commitHere = ({ reader, number, topic, group }: Commit): boolean | undefined => {
    const found = readers.get(reader);
    if (found === undefined) return undefined;
    if (found.topic.name !== topic || found.group !== group) return false;
    found.commit(number);
    return true;
  };
  const ask = async (commit: Commit): Promise<boolean> => {
    try {
      const answer = await connection.request(subject(commit.reader), JSON.stringify(commit), {
        timeout: answerWithinMs,
      });
      return answer.string() === "committed";
    } catch (error) {
      if (error instanceof NatsError && error.code === noResponders) throw gone(commit);
      throw new SamspelError("SAMSPEL_BROKER_UNREACHABLE", "Cannot reach the stream of that position now", {
        cause: error,
      });
    }
  };

  return {
    open(options) {
      const reader = openGroupReader({ ...options, broker, lingerMs });
      readers.set(reader.id, reader);
      const subscription = connection.subscribe(subject(reader.id), {
        callback: (error, message) => {
          if (error === null) message.respond(answerTo(commitHere(message.json<Commit>())));
        },
      });
      void reader.ended.then(() => {
        readers.delete(reader.id);
        if (!connection.isClosed()) subscription.unsubscribe();
      });
      return reader;
    },
    async commit(commit) {
      const done = commitHere(commit) ?? (await ask(commit));
      if (!done) {
        throw new SamspelError(
          "SAMSPEL_INVALID_REQUEST",
          `position must be one that group ${commit.group} was sent of topic ${commit.topic}: it is another's`,
          { metadata: { field: "position" } },
        );
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...readers.values()].map(({ ended }) => ended));
    },
  };
}

function answerTo(done: boolean | undefined): string {
  return done === true ? "committed" : "refused";
}

function gone({ group, topic }: Commit): SamspelError {
  return new SamspelError(
    "SAMSPEL_POSITION_GONE",
    `The stream of that position is over: what group ${group} had not committed of topic ${topic} comes again`,
    { metadata: { group, topic } },
  );
}
