// The callers of record: a service notes in the registry what it calls, compiled with which descriptors, so that a
// service that is about to start knows whom a change would break.
//
//   N1. Noting costs a call nothing: the first use of a method is remembered, and written a little later, once for all
//       that was used meanwhile.
//   N2. A registry that does not take a note fails no call. What is not written is written later.
//   N3. As long as the process runs, its notes are refreshed, so that they do not expire.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { refreshUsesMs, type Descriptors } from "@samspel/registry";
import { descriptorSetOf } from "../descriptor/index.ts";
import type { Logger } from "../telemetry/index.ts";

const settleMs = 1_000;
const retryMs = 60_000;
/** How long a stop waits for what is not written yet. */
const lastWriteMs = 1_000;

export interface CallerNotesOptions {
  /** The registry's. */
  readonly descriptors: Pick<Descriptors, "publish" | "noteCaller">;
  /** The calling service's name. */
  readonly caller: string;
  /** Its version; empty where it has none. */
  readonly version: string;
  readonly logger: Logger;
}

/** What a process notes of its own calls. */
export interface CallerNotes extends AsyncDisposable {
  /** Notes that a method is used. */
  note(method: DescMethod): void;
}

interface Use {
  readonly service: DescService;
  readonly methods: Set<string>;
  written: boolean;
}

export function createCallerNotes({ descriptors, caller, version, logger }: CallerNotesOptions): CallerNotes {
  const seen = new Set<DescMethod>();
  const uses = new Map<string, Use>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;

  const write = async (use: Use): Promise<void> => {
    use.written = true;
    try {
      const sha256 = await descriptors.publish(descriptorSetOf([use.service]));
      const methods = [...use.methods];
      await descriptors.noteCaller(use.service.typeName, { caller, version, sha256, methods });
    } catch (error) {
      use.written = false;
      logger.debug({ err: error, protoService: use.service.typeName }, "a caller's note was not written");
    }
  };
  const isOpen = (): boolean => [...uses.values()].some(({ written }) => !written);
  const writeAll = async (): Promise<void> => {
    // One after the other: a start of many services at once must not be a burst at the registry.
    for (const use of uses.values()) if (!use.written) await write(use);
  };
  const writeLater = (ms: number): void => {
    if (timer !== undefined || writing !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      writing = writeAll().finally(() => {
        writing = undefined;
        if (isOpen() && !closed) writeLater(retryMs);
      });
    }, ms);
    timer.unref();
  };
  let closed = false;
  const refresh = setInterval(() => {
    for (const use of uses.values()) use.written = false;
    if (uses.size > 0) writeLater(settleMs);
  }, refreshUsesMs);
  refresh.unref();

  return {
    note(method) {
      if (closed || seen.has(method)) return;
      seen.add(method);
      const { parent: service, name } = method;
      // Ours are there in all services, and change with the toolkit.
      if (/^(samspel|grpc)\./.test(service.typeName)) return;
      const use = uses.get(service.typeName) ?? { service, methods: new Set(), written: false };
      use.methods.add(name);
      use.written = false;
      uses.set(service.typeName, use);
      writeLater(settleMs);
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      clearInterval(refresh);
      clearTimeout(timer);
      const last = (writing ?? Promise.resolve()).then(writeAll);
      let over: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (over = setTimeout(resolve, lastWriteMs)));
      await Promise.race([last, late]);
      clearTimeout(over);
    },
  };
}
