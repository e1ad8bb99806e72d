// What `samspel call` does: answers go to standard output, all else to standard error, so that answers can be piped.
import { createApiCatalog, createDynamicCaller, requestTemplate, untilServed } from "../../dynamic/index.ts";
import { runOnSystem } from "../system/run.ts";
import { exitCodeOf, interrupted } from "./exit-code.ts";
import { headersOf } from "./headers.ts";
import type { CallOptions } from "./index.ts";
import { isNamed, listMethods } from "./list-methods.ts";
import { readRequests } from "./read-requests.ts";
import { createShow } from "./show.ts";
import { timeOf } from "./time.ts";

/** A service that restarts is back within these, as a rule. */
const waitMs = 5_000;

export interface CallCommand {
  readonly method: string | undefined;
  readonly json: readonly string[];
  readonly options: CallOptions;
}

export async function call({ method, json, options }: CallCommand): Promise<number> {
  return runOnSystem(options, async ({ registry, system, printer }) => {
    const { proto, topicPrefix, as: name, instance, commandId } = options;
    const catalog = createApiCatalog({ registry, proto });
    if (method?.includes("/") !== true) {
      const served = await catalog.list();
      const shown = served.filter(({ name }) => method === undefined || isNamed(name, method));
      // With dots alone, it may be a method all the same: cart.v1.CartService.AddItem.
      if (method === undefined || shown.length > 0 || !method.includes("."))
        return listMethods(shown, { asked: method, all: served, printer, json: options.json });
    }
    if (instance === undefined && proto.length === 0) {
      await untilServed({
        registry,
        method,
        waitMs,
        onWait: (what) => console.error(`waiting up to ${waitMs / 1_000} s for ${what}`),
      });
    }
    if (options.template) {
      printer.line(requestTemplate((await catalog.find(method, instance)).method.input));
      return 0;
    }
    const { natsUrl } = system;
    await using caller = createDynamicCaller({ registry, catalog, natsUrl, topicPrefix, name });
    const cancel = new AbortController();
    const onSignal = (): void => cancel.abort();
    process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
    const show = createShow({ json: options.json });
    let code = 0;
    const events = caller.call({
      method,
      requests: readRequests(json, (await catalog.find(method, instance)).method.methodKind),
      headers: headersOf(options.header),
      timeoutMs: timeOf(options.deadline),
      tell: options.tell,
      forget: !options.wait,
      commandId,
      instance,
      signal: cancel.signal,
    });
    try {
      for await (const event of events) {
        // Who interrupted it knows how it ended.
        if (event.type === "end" && cancel.signal.aborted) break;
        show(event);
        if (event.type === "end") code = exitCodeOf(event.code);
      }
    } finally {
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    }
    return cancel.signal.aborted ? interrupted : code;
  });
}
