// The registry's keys of policies: `samspel/policy/<proto service>` for all who call or serve it, and
// `samspel/policy/<proto service>@<service>` for the processes of one service alone.

export const policyPrefix = "samspel/policy/";

export interface PolicyKey {
  readonly protoService: string;
  /** The service whose processes it is for; undefined for all. */
  readonly service: string | undefined;
}

export function policyKey({ protoService, service }: PolicyKey): string {
  return `${policyPrefix}${protoService}${service === undefined ? "" : `@${service}`}`;
}

/** What a key is for; undefined for one that is none of ours. */
export function parsePolicyKey(key: string): PolicyKey | undefined {
  if (!key.startsWith(policyPrefix)) return undefined;
  const [, protoService, , service] =
    /^([A-Za-z_][\w.]*)(@([a-z][a-z0-9-]*))?$/.exec(key.slice(policyPrefix.length)) ?? [];
  return protoService === undefined ? undefined : { protoService, service };
}
