// The methods that look only at their call.
import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceImpl } from "@connectrpc/connect";
import { callerOf, reject } from "@samspel/runtime";
import type { ScenarioService } from "../../gen/samspel/scenario/v1/scenario_pb.ts";

type Methods = Pick<
  ServiceImpl<typeof ScenarioService>,
  "echo" | "count" | "sum" | "chat" | "fail" | "metadata" | "caller"
>;

const servedBy = ["scenario-typescript", process.env["SCENARIO_INSTANCE"]].filter(Boolean).join("/");

export function callMethods(): Methods {
  return {
    echo: ({ text }) => ({ text, servedBy }),

    async *count({ to, pauseMs }, { signal }) {
      const last = to === 0 ? Infinity : to;
      for (let number = 1; number <= last; number++) {
        if (number > 1 && pauseMs > 0) await sleep(pauseMs, undefined, { signal });
        signal.throwIfAborted();
        yield { number };
      }
    },

    async sum(requests) {
      let sum = 0n;
      let count = 0;
      for await (const { number } of requests) {
        sum += number;
        count += 1;
      }
      return { sum, count };
    },

    async *chat(requests) {
      for await (const { text } of requests) yield { text: text.toUpperCase() };
    },

    fail({ crash, code, message, reason, retryable, metadata }) {
      if (crash) throw new Error(message);
      throw reject(code, message, { reason, retryable, metadata });
    },

    metadata({ header, trailer }, { requestHeader, responseHeader, responseTrailer }) {
      responseHeader.set("x-scenario-header", header);
      responseTrailer.set("x-scenario-trailer", trailer);
      return {
        entries: Object.fromEntries(
          [...requestHeader].map(([name, value]) => [name, value.replace(/=+$/, "")]),
        ),
      };
    },

    caller(_, context) {
      const caller = callerOf(context);
      return caller.type === "service" ? { service: caller.service, spiffeId: caller.spiffeId } : {};
    },
  };
}
