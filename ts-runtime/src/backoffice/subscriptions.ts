// The subscriptions of a service: how they are, and what may be done to them.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { ResetSubscriptionRequest } from "../gen/samspel/v1/backoffice_pb.ts";
import { refuse } from "../request/index.ts";
import {
  forgetNotes,
  resetGroup,
  setPaused,
  streamName,
  type GroupName,
  type Start,
  type Subscription,
} from "../topic/index.ts";
import { groupAnswer } from "./group-answer.ts";
import { required, subscriptionNamed, type BackofficeParts, type Methods } from "./parts.ts";
import { timeOf } from "./time.ts";

type Names = "listSubscriptions" | "pauseSubscription" | "resumeSubscription" | "resetSubscription";

export function subscriptionMethods(parts: BackofficeParts): Methods<Names> {
  const { subscriptions, broker, database } = parts;
  const groupOf = ({ topic, group }: Subscription): GroupName => ({
    stream: streamName(required(broker, "broker").prefix, topic),
    group,
  });
  return {
    async listSubscriptions({ topic, group }) {
      const wanted = subscriptions
        .filter(
          (each) => (topic === "" || each.topic.name === topic) && (group === "" || each.group === group),
        )
        .toSorted((a, b) => (`${a.topic.name} ${a.group}` < `${b.topic.name} ${b.group}` ? -1 : 1));
      const answers = await Promise.all(
        wanted.map(async (subscription) => ({
          topic: subscription.topic.name,
          group: subscription.group,
          ...(await groupAnswer(required(broker, "broker"), {
            ...groupOf(subscription),
            name: subscription.topic.name,
          })),
        })),
      );
      return { subscriptions: answers };
    },
    async pauseSubscription(request) {
      await setPaused(required(broker, "broker"), groupOf(subscriptionNamed(parts, request)), true);
      return {};
    },
    async resumeSubscription(request) {
      await setPaused(required(broker, "broker"), groupOf(subscriptionNamed(parts, request)), false);
      return {};
    },
    async resetSubscription(request) {
      const subscription = subscriptionNamed(parts, request);
      const group = groupOf(subscription);
      const to = startOf(request.to);
      // Before the reset: what comes again must count, and what counted meanwhile comes again.
      if (subscription.inbox) await forgetNotes(required(database, "database").sql, group);
      await resetGroup(required(broker, "broker"), group, to);
      return {};
    },
  };
}

/** @throws SAMSPEL_INVALID_REQUEST */
function startOf(to: ResetSubscriptionRequest["to"]): Start {
  switch (to.case) {
    case "beginning":
    case "end":
      if (to.value) return to.case;
      throw refuse(to.case, "true, or another member of the oneof set", "false");
    case "time":
      return { time: timeOf("time", timestampDate(to.value)) };
    case "sequence":
      if (to.value >= 1n && to.value <= BigInt(Number.MAX_SAFE_INTEGER))
        return { sequence: Number(to.value) };
      throw refuse("sequence", "1 or more", String(to.value));
    case undefined:
      throw refuse("to", "one of beginning, end, time and sequence", "");
  }
}
