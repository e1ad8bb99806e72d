// Callers of the new project's service, as pages and other programs are: by HTTP, all the time.
import type { Test } from "tap";
import { until } from "../../support/until.ts";
import { patienceMs } from "./new-user.ts";

/** What a call came to: an answer in JSON, or an error in JSON. */
export type Answer = Readonly<Record<string, unknown>>;

/** Calls a method of `OrderService`. @throws where no answer comes, or one that is none of the service. */
export async function callOrders(url: string, method: string, request: object): Promise<Answer> {
  const response = await fetch(`${url}/orders.v1.OrderService/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(patienceMs),
  });
  const answer: unknown = await response.json();
  if (typeof answer !== "object" || answer === null) throw new Error(`${method} answered ${String(answer)}`);
  return { ...answer };
}

/** Calls until the answer says a text; resolves with the milliseconds that took. */
export async function untilAnswer(
  url: string,
  method: string,
  request: object,
  text: string,
): Promise<number> {
  const startedAt = performance.now();
  await until(
    `${method} answers ${text}`,
    async () => JSON.stringify(await callOrders(url, method, request)).includes(text),
    patienceMs,
  );
  return performance.now() - startedAt;
}

/** Several callers, one call after the other, until `stop()`, which says how many calls there were, and what failed. */
export function visitShop(
  t: Test,
  url: string,
  orderId: string,
): { stop(): Promise<{ readonly calls: number; readonly failed: readonly string[] }> } {
  const over = new AbortController();
  const failed: string[] = [];
  let calls = 0;
  const visit = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const answer = await callOrders(url, "GetOrder", { orderId }).catch((error: unknown) => ({
        code: String(error),
      }));
      calls++;
      // Answers have none.
      if ("code" in answer) failed.push(JSON.stringify(answer));
    }
  };
  const visiting = Promise.all([visit(), visit()]);
  t.teardown(() => over.abort());
  return {
    async stop() {
      over.abort();
      await visiting;
      return { calls, failed };
    },
  };
}
