// Looks at a running service, rule by rule.
import { redactUrl } from "@samspel/registry/redact-url";
import { nearest } from "../../config/suggest.ts";
import { allChecks } from "./checks/index.ts";
import { skipped, type Check, type Level, type Outcome, type Problem } from "./check.ts";
import { VerifyOptionError, type VerifyOptions } from "./options.ts";
import { createRegistryReader, type Entry, type RegistryReader } from "./registry-reader.ts";
import { createSubject, type Subject } from "./subject.ts";
import { hostText, reasonOf, type Place } from "./grpc/index.ts";

/** What is verified. */
export interface VerifiedSubject {
  readonly name: string | undefined;
  readonly id: string | undefined;
  /** `host:port`; undefined where nobody knows. */
  readonly address: string | undefined;
  readonly lang: string | undefined;
  readonly version: string | undefined;
}

/** One rule, and what came of it. */
export interface Finding {
  readonly rule: string;
  readonly level: Level;
  readonly title: string;
  readonly outcome: Outcome;
  readonly tookMs: number;
}

/** Told of what happens. */
export interface VerifyReporter {
  begin(subject: VerifiedSubject, rules: number): void;
  checking(rule: string, title: string): void;
  found(finding: Finding): void;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  /** Whether each `must` that could be looked at holds. */
  readonly holds: boolean;
  /** Whether each `should` does, too. */
  readonly isPerfect: boolean;
}

/**
 * Verifies a service against the joining contract.
 * @throws VerifyOptionError for an option that cannot be; RegistryUnanswered where the registry does not answer.
 */
export async function verifyService(options: VerifyOptions, reporter: VerifyReporter): Promise<Verdict> {
  const chosen = chooseChecks(options);
  const registry = createRegistryReader({ url: options.registryUrl, token: options.token });
  await using subject = createSubject({ options, registry, ...(await locate(options, registry)) });
  if ([...chosen].some(({ rule }) => /^(TOPIC|TELL)-/.test(rule))) await requireNats(subject);
  reporter.begin(describe(subject), chosen.size);
  const findings: Finding[] = [];
  const blocked = new Map<string, string>();
  for (const check of allChecks) {
    const isReported = chosen.has(check);
    if (!isReported && !isNeeded(check, chosen)) continue;
    if (isReported) reporter.checking(check.rule, check.title);
    const startedMs = performance.now();
    const outcome = await look(check, subject, blocked);
    if (outcome.type === "failed") blocked.set(check.rule, `${check.rule} does not hold`);
    if (!isReported) continue;
    const { rule, level, title } = check;
    const finding = { rule, level, title, outcome, tookMs: Math.round(performance.now() - startedMs) };
    findings.push(finding);
    reporter.found(finding);
  }
  const failures = findings.filter(({ outcome }) => outcome.type === "failed");
  return {
    findings,
    holds: failures.every(({ level }) => level !== "must"),
    isPerfect: failures.length === 0,
  };
}

/** Where the service is, as far as anybody knows. */
async function locate(
  options: VerifyOptions,
  registry: RegistryReader,
): Promise<{
  readonly entry: Entry | undefined;
  readonly instances: number;
  readonly place: Place | undefined;
}> {
  if (options.url !== undefined) return { entry: undefined, instances: 0, place: placeOf(options.url) };
  if (options.name === undefined)
    throw new VerifyOptionError(
      "Which service? Give --name <name>, or --url <url> of one that is not registered",
    );
  const entries = await registry.instances(options.name);
  const entry =
    options.instance === undefined
      ? entries[0]
      : entries.find(({ Service }) => Service.ID === options.instance);
  if (entry === undefined) return { entry, instances: entries.length, place: undefined };
  const host = entry.Service.Address === "" ? entry.Node.Address : entry.Service.Address;
  return { entry, instances: entries.length, place: { host, port: entry.Service.Port } };
}

/** A NATS that does not answer is no fault of the service. */
async function requireNats(subject: Subject): Promise<void> {
  const { natsUrl } = subject.options;
  if (natsUrl === undefined) return;
  try {
    await subject.nats();
  } catch (error) {
    throw new VerifyOptionError(
      `NATS at ${natsUrl.split(",").map(redactUrl).join(", ")} does not answer (${reasonOf(error)}): give --nats, or leave topics and tells out with --skip TOPIC TELL`,
    );
  }
}

function placeOf(text: string): Place {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.port === "")
    throw new VerifyOptionError(`--url must be like http://127.0.0.1:26071: current value is "${text}"`);
  return { host: url.hostname.replaceAll(/^\[|\]$/g, ""), port: Number(url.port) };
}

function describe({ options, entry }: Subject): VerifiedSubject {
  if (entry === undefined) {
    const address = options.url === undefined ? undefined : new URL(options.url).host;
    return { name: options.name, id: undefined, address, lang: undefined, version: undefined };
  }
  const { Service, ID, Address, Port, Meta } = entry.Service;
  return {
    name: Service,
    id: ID,
    address: `${hostText(Address)}:${Port}`,
    lang: Meta["lang"],
    version: Meta["version"],
  };
}

function chooseChecks({ only = [], skip = [] }: VerifyOptions): ReadonlySet<Check> {
  for (const [option, words] of [
    ["--only", only],
    ["--skip", skip],
  ] as const) {
    for (const word of words) {
      if (allChecks.some((check) => isMeant(check, word))) continue;
      const near = nearest(
        word,
        allChecks.map(({ rule }) => rule),
      );
      throw new VerifyOptionError(
        `${option} must be a rule such as REG-3, or the beginning of some such as HEALTH: current value is "${word}"${near === undefined ? "" : `; did you mean ${near}?`}`,
      );
    }
  }
  return new Set(
    allChecks.filter(
      (check) =>
        (only.length === 0 || only.some((word) => isMeant(check, word))) &&
        !skip.some((word) => isMeant(check, word)),
    ),
  );
}

/** `REG` means all of REG-1 to REG-11, and `REG-1` one. */
function isMeant({ rule }: Check, word: string): boolean {
  return rule === word.toUpperCase() || rule.startsWith(`${word.toUpperCase()}-`);
}

/** Whether a chosen check builds on it: then it is looked at, and not told of. */
function isNeeded(check: Check, chosen: ReadonlySet<Check>): boolean {
  return allChecks.some(
    (other) => other.after?.includes(check.rule) === true && (chosen.has(other) || isNeeded(other, chosen)),
  );
}

/** The most that one check may take, whatever it waits for. */
const longestMs = 120_000;

async function look(check: Check, subject: Subject, blocked: Map<string, string>): Promise<Outcome> {
  for (const rule of check.after ?? []) {
    const why = blocked.get(rule);
    if (why === undefined) continue;
    blocked.set(check.rule, why);
    return skipped(why);
  }
  if (check.disruptive === true && subject.options.disruptive !== true)
    return skipped("it changes something: --disruptive");
  try {
    return await check.run(subject, AbortSignal.timeout(longestMs));
  } catch (error) {
    // A service that falls over while it is looked at has failed.
    const problem: Problem = {
      found: `it could not be looked at: ${error instanceof Error ? error.message : String(error)}`,
      must: check.title,
      mend: "see whether the service still runs, and its log",
    };
    return { type: "failed", problems: [problem] };
  }
}
