// How many dead letters a group has in a topic.
import { NatsError, type NatsConnection } from "nats";

const streamNotFound = 10_059;

export async function deadLettersOf(
  connection: NatsConnection,
  prefix: string,
  { group, topic }: { readonly group: string; readonly topic: string },
): Promise<number> {
  const subject = `${prefix}dead.${group}.${topic}`;
  const manager = await connection.jetstreamManager();
  try {
    const { state } = await manager.streams.info(`${prefix}dead_letters`, { subjects_filter: subject });
    return state.subjects?.[subject] ?? 0;
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === streamNotFound) return 0;
    throw error;
  }
}
