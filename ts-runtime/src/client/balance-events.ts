// What people see of balancing: a counter, an event at the span of the call that was the last straw, a line in the log.
import type { Ejected, Member } from "../balance/index.ts";
import { addSpanEvent, createCounter, type Logger } from "../telemetry/index.ts";

export interface BalanceEvents {
  readonly onEjected: (ejected: Ejected<Member>) => void;
  readonly onBack: (member: Member) => void;
}

export function createBalanceEvents(protoService: string, logger: Logger | undefined): BalanceEvents {
  const countEjection = createCounter("samspel.client.ejections");
  return {
    onEjected({ member: { name: instance }, reason, forMs, isAgain }) {
      countEjection(1, { "rpc.service": protoService, "samspel.ejection.reason": reason });
      addSpanEvent("ejection", { "samspel.instance": instance, "samspel.ejection.reason": reason });
      const fields = { protoService, instance, reason, forMs };
      if (isAgain) logger?.debug(fields, "an instance is left out of calls for longer");
      else logger?.warn(fields, "an instance is left out of calls for a while");
    },
    onBack({ name: instance }) {
      logger?.info({ protoService, instance }, "an instance gets calls again");
    },
  };
}
