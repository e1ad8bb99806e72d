// A call, from when it is sent to its end.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { CallEnd, Method } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { dashboard, failureOf } from "../../api/index.ts";
import { toDuration } from "../../format/index.ts";
import { headersOf, type Draft } from "./draft.ts";

/** An answer, and when it came, in ms after the beginning. */
interface CallMessage {
  readonly number: number;
  readonly text: string;
  readonly afterMs: number;
}

/** How a call goes. */
export type CallState =
  | { readonly type: "none" }
  | { readonly type: "running" | "ended"; readonly call: CallProgress };

/** What is known of a call. */
export interface CallProgress {
  readonly traceId: string;
  readonly instance: string;
  readonly receipt: string;
  readonly messages: readonly CallMessage[];
  /** How many came, though only the latest are shown. */
  readonly count: number;
  readonly end: CallEnd | undefined;
  /** Why there is no end. */
  readonly failure: string | undefined;
}

const maxMessages = 500;
const nothing: CallProgress = {
  traceId: "",
  instance: "",
  receipt: "",
  messages: [],
  count: 0,
  end: undefined,
  failure: undefined,
};

/** One call at a time. */
export function useCall(onEnd?: (call: CallProgress) => void): {
  readonly state: CallState;
  readonly send: (method: Method, draft: Draft) => void;
  readonly stop: () => void;
} {
  const [state, setState] = useState<CallState>({ type: "none" });
  const current = useRef<AbortController>(undefined);
  useEffect(() => () => current.current?.abort(), []);

  const send = useCallback(
    (method: Method, draft: Draft): void => {
      current.current?.abort();
      const controller = new AbortController();
      current.current = controller;
      const startedAt = performance.now();
      let call = nothing;
      const show = (type: "running" | "ended", change: Partial<CallProgress>): void => {
        call = { ...call, ...change };
        if (current.current === controller) setState({ type, call });
      };
      const run = async (): Promise<void> => {
        const request = {
          protoService: method.protoService,
          method: method.name,
          requests: [...draft.requests],
          headers: headersOf(draft.headers),
          tell: draft.tell,
          instance: draft.instance,
          ...(Number(draft.timeout) > 0 ? { timeout: toDuration(Number(draft.timeout)) } : {}),
        };
        for await (const { event } of dashboard.call(request, { signal: controller.signal })) {
          if (event.case === "start") show("running", event.value);
          else if (event.case === "end") show("running", { end: event.value });
          else if (event.case === "message") {
            const count = call.count + 1;
            const message = { number: count, text: event.value, afterMs: performance.now() - startedAt };
            show("running", { count, messages: [...call.messages, message].slice(-maxMessages) });
          }
        }
      };
      show("running", {});
      run()
        .catch((error: unknown) => {
          show("running", { failure: controller.signal.aborted ? "You stopped it." : failureOf(error).text });
        })
        .finally(() => {
          show("ended", {});
          onEnd?.(call);
        });
    },
    [onEnd],
  );
  const stop = useCallback((): void => current.current?.abort(), []);
  return { state, send, stop };
}
