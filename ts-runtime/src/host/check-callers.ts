// A service that starts compares its proto services with what its callers of record were compiled with, and with what
// it served before. What would break is told with who uses it, or stops the start.
//
//   B1. Only what breaks a caller of record can stop a start. What only breaks what was served before may be meant so,
//       and is warned of: callers in languages without notes are not known.
//   B2. A version that ran before may come back: a rollback is compared with callers, not with its successors.
//   B3. A registry that does not answer stops no start here: registering says what is wrong with it.
import type { DescService, FileRegistry } from "@bufbuild/protobuf";
import { RegistryError, type Descriptors } from "@samspel/registry";
import { createHash } from "node:crypto";
import { compareServices, type ServiceChange } from "../compatibility/index.ts";
import { readDescriptorSet } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { Logger } from "../telemetry/index.ts";

/** What a change that breaks callers does to a start. */
export type DescriptorChanges = "warn" | "refuse" | "off";

export interface CheckCallersOptions {
  readonly descriptors: Pick<Descriptors, "callersOf" | "servedBy" | "read">;
  /** The service's name. */
  readonly service: string;
  readonly served: readonly DescService[];
  /** The descriptor set of what is served. */
  readonly set: Uint8Array;
  readonly changes: DescriptorChanges;
  readonly logger: Logger;
}

/** A change with those whom it breaks, such as `cart 1.2.0`. */
interface Break {
  readonly change: ServiceChange;
  readonly callers: ReadonlySet<string>;
}

/** @throws SAMSPEL_DESCRIPTORS_INCOMPATIBLE that names each change and its callers, where `changes` is `refuse`. */
export async function checkCallers(options: CheckCallersOptions): Promise<void> {
  const { changes, logger, service } = options;
  if (changes === "off" || options.served.length === 0) return;
  let broken: readonly Break[];
  let since: readonly ServiceChange[];
  try {
    const read = serviceReader(options);
    [broken, since] = await Promise.all([findBroken(options, read), findSince(options, read)]);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const text = `changes of the API are not compared: ${error.message}`;
    if (error.retryable) logger.debug({ code: error.code }, text);
    else logger.warn({ code: error.code }, text);
    return;
  }
  const told = new Set(broken.map(({ change }) => change.text));
  const refused = broken.filter(({ change }) => change.verdict === "breaks");
  if (changes === "refuse" && refused.length > 0) throw incompatible(service, refused);
  for (const { change, callers } of broken) {
    const { rule, verdict, protoService, methods } = change;
    logger.warn(
      { rule, verdict, protoService, methods, callers: [...callers] },
      `a change of the API: ${tell({ change, callers })}`,
    );
  }
  for (const { text, rule, verdict, protoService, methods } of since) {
    if (told.has(text)) continue;
    logger.warn(
      { rule, verdict, protoService, methods },
      `a change of the API since the last version: ${text} No caller of record uses it; callers in other languages may`,
    );
  }
}

async function findBroken(
  { descriptors, served }: CheckCallersOptions,
  read: ReadService,
): Promise<readonly Break[]> {
  const found = new Map<string, { change: ServiceChange; callers: Set<string> }>();
  const all = await Promise.all(
    served.map(async (own) => ({ own, callers: await descriptors.callersOf(own.typeName) })),
  );
  for (const { own, callers } of all) {
    for (const { caller, version, sha256, methods } of callers) {
      const before = await read(sha256, own.typeName);
      if (before === undefined) continue;
      for (const change of compareServices(before, own, { methods: new Set(methods) })) {
        if (change.verdict === "free") continue;
        const broken = found.get(change.text) ?? { change, callers: new Set() };
        broken.callers.add(version === "" ? caller : `${caller} ${version}`);
        found.set(change.text, broken);
      }
    }
  }
  return [...found.values()];
}

/** What the last other version served that this one breaks; nothing for a version that ran before (B2). */
async function findSince(
  { descriptors, service, served, set }: CheckCallersOptions,
  read: ReadService,
): Promise<readonly ServiceChange[]> {
  const versions = await descriptors.servedBy(service);
  const own = createHash("sha256").update(set).digest("hex");
  const [last] = versions;
  if (last === undefined || versions.some(({ sha256 }) => sha256 === own)) return [];
  const changes: ServiceChange[] = [];
  for (const protoService of last.protoServices) {
    const before = await read(last.sha256, protoService);
    const after = served.find(({ typeName }) => typeName === protoService);
    changes.push(...compareServices(before, before && after));
  }
  return changes.filter(({ verdict }) => verdict === "breaks");
}

/** A proto service of a set; undefined where the set is gone or damaged: then there is nothing to compare with. */
type ReadService = (sha256: string, protoService: string) => Promise<DescService | undefined>;

/** Callers share sets, so each is read once. */
function serviceReader({ descriptors, logger }: CheckCallersOptions): ReadService {
  const sets = new Map<string, Promise<FileRegistry | undefined>>();
  const read = async (sha256: string): Promise<FileRegistry | undefined> => {
    try {
      const set = await descriptors.read(sha256);
      return set && readDescriptorSet(set);
    } catch (error) {
      if (error instanceof RegistryError && error.retryable) throw error;
      logger.warn({ err: error, sha256 }, "descriptors in the registry cannot be read");
      return undefined;
    }
  };
  return async (sha256, protoService) => {
    const set = sets.get(sha256) ?? read(sha256);
    sets.set(sha256, set);
    return (await set)?.getService(protoService);
  };
}

function tell({ change, callers }: Break): string {
  return `${change.text} Used by ${[...callers].join(", ")}.`;
}

function incompatible(service: string, broken: readonly Break[]): SamspelError {
  const list = broken.map((each, index) => `\n  ${index + 1}. ${tell(each)}`);
  return new SamspelError(
    "SAMSPEL_DESCRIPTORS_INCOMPATIBLE",
    `Cannot start ${service}, as this version would break its callers:${list.join("")}\nTo start it nevertheless, set SAMSPEL_DESCRIPTOR_CHANGES to warn.`,
    { metadata: { service, changes: String(broken.length) } },
  );
}
