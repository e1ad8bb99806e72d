// A service with a live topic: who is here.
import {
  serve,
  startService,
  subscribeLive,
  type RunningService,
  type ServiceOptions,
} from "@samspel/runtime";
import { PresenceService, PresenceTopics } from "../gen/samspel/test/v1/presence_pb.ts";

const { presence } = PresenceTopics.method;

/** Starts it; `show` is called for everybody who comes, on every instance. */
export function startPresence(
  options: Omit<ServiceOptions, "name">,
  show: (userId: string) => void,
): Promise<RunningService> {
  return startService({
    ...options,
    name: "presence",
    liveTopics: [presence],
    services: [
      serve(PresenceService, ({ live }) => {
        const publisher = live(presence);
        return {
          enter({ userId }) {
            publisher.publish({ userId, present: true });
            return {};
          },
        };
      }),
    ],
    subscriptions: [subscribeLive(presence, { handler: ({ userId }) => show(userId) })],
  });
}
