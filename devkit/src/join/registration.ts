// The registration of a program that knows nothing of registries.
import type { Registration } from "@samspel/registry";
import { findApi } from "./api/index.ts";
import type { JoinedOptions } from "./joined-options.ts";
import { settleCheck } from "./settle-check.ts";

export interface FoundRegistration {
  readonly registration: Registration;
  /** What is worth a warning. */
  readonly doubts: readonly string[];
}

/** @throws JoinError where the program lacks what it needs. */
export async function findRegistration(
  options: JoinedOptions,
  signal: AbortSignal,
): Promise<FoundRegistration> {
  const { name, host, port, meta, tags, version, zone, lang, secure, waitMs } = options;
  const reflection = options.reflection && !secure;
  const settled = await settleCheck({ ...options, timeoutMs: waitMs }, signal);
  const api = await findApi({ ...options, reflection }, signal);
  return {
    doubts: [...settled.doubts, ...api.doubts],
    registration: {
      name,
      address: host,
      port,
      protoServices: api.protoServices,
      check: settled.check,
      meta,
      tags,
      secure,
      ...(api.descriptors === undefined ? {} : { descriptors: api.descriptors }),
      ...(version === undefined ? {} : { version }),
      ...(zone === undefined ? {} : { zone }),
      ...(lang === undefined ? {} : { lang }),
    },
  };
}
