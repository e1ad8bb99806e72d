// A process of its own that watches many proto services, so that its memory and processor time are only that:
// `node registry-watcher.ts <url> <services> <maxPolls>`. It says by IPC when it knows all, and answers questions.
import { createRegistry } from "@samspel/registry";

const [url = "", services = "0", maxPolls = "64"] = process.argv.slice(2);
const startedAt = performance.now();
let unreachable = 0;
const registry = createRegistry({
  url,
  maxPolls: Number(maxPolls),
  onEvent: (event) => {
    if (event.type === "unreachable") unreachable += 1;
  },
});
const watches = Array.from({ length: Number(services) }, (_, index) =>
  registry.watch(`bench.v1.Many${index}`),
);
const known = (): number => watches.reduce((sum, { current }) => sum + current.length, 0);

process.on("message", (message: { readonly wait?: number; readonly report?: true }) => {
  if (message.report === true) {
    const { user, system } = process.cpuUsage();
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    process.send?.({ cpuMs: (user + system) / 1_000, rss, heapUsed, unreachable, known: known() });
  }
  const { wait } = message;
  if (wait !== undefined) {
    const waiting = setInterval(() => {
      if (known() !== wait) return;
      clearInterval(waiting);
      process.send?.({ knewAll: performance.now() - startedAt });
    }, 5);
  }
});
process.once("disconnect", () => process.exit());
process.send?.({ ready: true });
