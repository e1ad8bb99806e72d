// What a group measures of its work.
import { createCounter, isMeasured } from "../../telemetry/index.ts";

/** Counts messages. */
export interface GroupMeasures {
  handled(messages: number): void;
  /** Attempts that failed. */
  failed(messages: number): void;
  retried(messages: number): void;
  /** Given up: parked, or skipped. */
  givenUp(messages: number, how: "parked" | "skipped"): void;
}

const nothing = (): void => {};

/** Nothing is spent where nobody measures. */
export function measureGroup(group: string, topic: string): GroupMeasures {
  if (!isMeasured()) {
    return { handled: nothing, failed: nothing, retried: nothing, givenUp: nothing };
  }
  const messages = createCounter("samspel.consumer.messages");
  const count =
    (outcome: string) =>
    (value: number): void =>
      messages(value, {
        "messaging.consumer.group.name": group,
        "messaging.destination.name": topic,
        "samspel.consumer.outcome": outcome,
      });
  const given = { parked: count("parked"), skipped: count("skipped") };
  return {
    handled: count("handled"),
    failed: count("failed"),
    retried: count("retried"),
    givenUp: (value, how) => given[how](value),
  };
}
