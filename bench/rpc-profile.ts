// Where the processor's time of a process goes, by layers: a sampling profile, each sample counted for the code that ran.
import { Session } from "node:inspector/promises";

const intervalMicros = 200;

export interface Profiler {
  start(): Promise<void>;
  /** The microseconds of each layer since the start. */
  stop(): Promise<Record<string, number>>;
}

export function createProfiler(): Profiler {
  const session = new Session();
  return {
    async start() {
      session.connect();
      await session.post("Profiler.enable");
      await session.post("Profiler.setSamplingInterval", { interval: intervalMicros });
      await session.post("Profiler.start");
    },
    async stop() {
      const { profile } = await session.post("Profiler.stop");
      session.disconnect();
      const layers = new Map(profile.nodes.map(({ id, callFrame }) => [id, layerOf(callFrame)]));
      const found: Record<string, number> = {};
      for (const [index, id] of (profile.samples ?? []).entries()) {
        const layer = layers.get(id);
        if (layer !== undefined) found[layer] = (found[layer] ?? 0) + (profile.timeDeltas?.[index] ?? 0);
      }
      return found;
    },
  };
}

/** Undefined for what is no work. */
function layerOf({
  functionName,
  url,
}: {
  readonly functionName: string;
  readonly url: string;
}): string | undefined {
  // The profiler's own beginning is in its profile, and takes a second on a loaded machine.
  if (functionName === "(idle)" || functionName === "(root)" || url === "node:inspector") return undefined;
  if (functionName === "(garbage collector)") return "garbage";
  if (url === "") return "native: system calls, nghttp2";
  if (url.startsWith("node:internal/http2")) return "node:http2";
  if (/^node:(internal\/(streams|stream_base|js_stream)|net|stream|events)/.test(url))
    return "node's streams, sockets and events";
  if (url.startsWith("node:")) return "the rest of node";
  const own = /\/ts-runtime\/src\/(\w+)/.exec(url);
  if (own?.[1] !== undefined) return `samspel: ${own[1]}`;
  const library = /\/node_modules\/((@[^/]+\/)?[^/]+)/.exec(url);
  if (library?.[1] !== undefined) return library[1];
  return "the measurement itself";
}
