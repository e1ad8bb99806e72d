// A service's part in the record of APIs: what it calls, what it serves, and whom a change of it would break.
import { createHash } from "node:crypto";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Descriptors } from "@samspel/registry";
import { createCallerNotes } from "../client/index.ts";
import { descriptorSetOf } from "../descriptor/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { checkCallers } from "./check-callers.ts";
import type { ResolvedServiceOptions } from "./options.ts";

export interface ApiRecordOptions {
  readonly descriptors: Descriptors;
  readonly settings: Pick<ResolvedServiceOptions, "name" | "version" | "descriptorChanges">;
  readonly logger: Logger;
}

export interface ApiRecord extends AsyncDisposable {
  /** Notes a call or a tell of the service. */
  onCall(this: void, method: DescMethod): void;
  /**
   * Compares what is about to be served with what callers use; resolves with its descriptor set.
   * @throws SAMSPEL_DESCRIPTORS_INCOMPATIBLE where it would break them and the settings say `refuse`.
   */
  check(served: readonly DescService[]): Promise<Uint8Array>;
  /** Notes in the background that the service runs, and so what the next version is compared with. */
  noteServed(): void;
}

export function createApiRecord({ descriptors, settings, logger }: ApiRecordOptions): ApiRecord {
  const { name: service, version = "", descriptorChanges: changes } = settings;
  const notes = createCallerNotes({ descriptors, caller: service, version, logger });
  const own = new Set<string>();
  let set: Uint8Array = new Uint8Array();
  return {
    onCall(method) {
      // What an instance asks of another one of its own service is no other's matter.
      if (!own.has(method.parent.typeName)) notes.note(method);
    },
    async check(served) {
      for (const { typeName } of served) own.add(typeName);
      set = descriptorSetOf(served);
      await checkCallers({ descriptors, service, served, set, changes, logger });
      return set;
    },
    noteServed() {
      const sha256 = createHash("sha256").update(set).digest("hex");
      const protoServices = [...own].toSorted();
      descriptors
        .noteServed(service, { version, sha256, protoServices })
        .catch((error: unknown) => logger.debug({ err: error }, "what is served was not noted"));
    },
    [Symbol.asyncDispose]: () => notes[Symbol.asyncDispose](),
  };
}
