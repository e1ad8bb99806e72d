// What the registry says of a proto service's policy, for stock grpc-js channels: the words of gRPC's service config in
// `samspel/policy/<proto service>`. What stands under `samspel` is for Samspel's own clients and servers.
//
//   C1. A value that cannot be read is none: what was before stays.
//   C2. gRPC takes the one entry that fits a method best; here, what is said of all methods is in each of them as well.
//   C3. What gRPC wants said with a retry policy and is not there is what Samspel does: 25 ms, 250 ms, `UNAVAILABLE`.
import type { experimental } from "@grpc/grpc-js";
import { asArray, asRecord, asString } from "../consul/index.ts";
import type { Values, ValuesWatch } from "../values/index.ts";

type Listener = experimental.ResolverListener;
type ValueOf<T> = T extends { readonly ok: true; readonly value: infer Value } ? Value : never;
type ServiceConfig = ValueOf<NonNullable<Parameters<Listener>[2]>>;
type MethodConfig = ServiceConfig["methodConfig"][number];
type Words = Omit<MethodConfig, "name">;

type StockConfig = Pick<ServiceConfig, "methodConfig"> & {
  /** Undefined where nothing is said. */
  readonly loadBalancingConfig: ServiceConfig["loadBalancingConfig"] | undefined;
};

const nothing: StockConfig = { methodConfig: [], loadBalancingConfig: undefined };

/** The policy of a proto service, kept fresh. */
export interface StockConfigWatch extends Disposable {
  readonly current: StockConfig;
}

/** @param onChange Told when it is another one, never from within. */
export function watchStockConfig(
  values: Values,
  protoService: string,
  onChange: () => void,
): StockConfigWatch {
  const key = `samspel/policy/${protoService}`;
  // The same long poll as of whoever else reads policies in this process (R7).
  const watch: ValuesWatch = values.watch("samspel/policy/");
  let current = nothing;
  let text: string | undefined;
  const update = (): boolean => {
    if (watch.current === undefined) return false;
    const next = watch.current.get(key)?.text;
    if (next === text) return false;
    text = next;
    current = (next === undefined ? nothing : readStockConfig(next, protoService)) ?? current; // C1
    return true;
  };
  update();
  watch.onChange(() => {
    if (update()) onChange();
  });
  return {
    get current() {
      return current;
    },
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}

/** Undefined for what cannot be read. */
export function readStockConfig(text: string, protoService: string): StockConfig | undefined {
  let config: Readonly<Record<string, unknown>>;
  try {
    config = asRecord(JSON.parse(text));
    const entries = asArray(config["methodConfig"]).map(asRecord);
    const ofAll: Words = {};
    const ofMethods = new Map<string, { readonly words: Words; readonly repeats: boolean }>();
    for (const entry of entries) {
      const words = wordsOf(entry);
      const repeats = entry["retryPolicy"] !== undefined || entry["hedgingPolicy"] !== undefined;
      for (const name of asArray(entry["name"]).map(asRecord)) {
        const method = asString(name["method"]);
        if (method === "") Object.assign(ofAll, words);
        else ofMethods.set(method, { words, repeats });
      }
    }
    const balancing = asArray(config["loadBalancingConfig"]).map((each) => recordOfObjects(each));
    return {
      methodConfig: [
        ...[...ofMethods].map(([method, { words, repeats }]) => ({
          name: [{ service: protoService, method }],
          ...merged(ofAll, words, repeats), // C2
        })),
        ...(Object.keys(ofAll).length === 0 ? [] : [{ name: [{ service: protoService }], ...ofAll }]),
      ],
      // A list of which nothing is known would fail every call.
      loadBalancingConfig: balancing.length === 0 ? undefined : [...balancing, { round_robin: {} }],
    };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** A method is retried or hedged, never both; what it says of that is all that holds for it. */
function merged(ofAll: Words, own: Words, repeats: boolean): Words {
  const { retryPolicy, hedgingPolicy, ...rest } = ofAll;
  const inherited = { ...(retryPolicy && { retryPolicy }), ...(hedgingPolicy && { hedgingPolicy }) };
  return { ...rest, ...(repeats ? {} : inherited), ...own };
}

/** @throws TypeError for what gRPC would not take. */
function wordsOf(entry: Readonly<Record<string, unknown>>): Words {
  const { timeout, waitForReady, maxRequestMessageBytes, retryPolicy, hedgingPolicy } = entry;
  return {
    ...(timeout === undefined ? {} : { timeout: durationOf(timeout) }),
    ...(waitForReady === undefined ? {} : { waitForReady: waitForReady === true }),
    ...(maxRequestMessageBytes === undefined ? {} : { maxRequestBytes: numberOf(maxRequestMessageBytes) }),
    ...(retryPolicy === undefined ? {} : retryOf(asRecord(retryPolicy))),
    ...(hedgingPolicy === undefined ? {} : hedgeOf(asRecord(hedgingPolicy))),
  };
}

function retryOf(policy: Readonly<Record<string, unknown>>): Words {
  const maxAttempts = numberOf(policy["maxAttempts"] ?? 3);
  // gRPC knows no policy of one attempt: that is none.
  if (maxAttempts < 2) return {};
  return {
    retryPolicy: {
      maxAttempts,
      initialBackoff: durationText(policy["initialBackoff"] ?? "0.025s"),
      maxBackoff: durationText(policy["maxBackoff"] ?? "0.25s"),
      backoffMultiplier: numberOf(policy["backoffMultiplier"] ?? 2),
      retryableStatusCodes: codesOf(policy["retryableStatusCodes"] ?? ["UNAVAILABLE"]),
    },
  };
}

function hedgeOf(policy: Readonly<Record<string, unknown>>): Words {
  return {
    hedgingPolicy: {
      maxAttempts: Math.max(2, numberOf(policy["maxAttempts"] ?? 2)),
      hedgingDelay: durationText(policy["hedgingDelay"] ?? "0.1s"),
      nonFatalStatusCodes: codesOf(policy["nonFatalStatusCodes"] ?? ["UNAVAILABLE"]),
    },
  };
}

function numberOf(value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new TypeError("no number");
}

function durationText(value: unknown): string {
  if (typeof value === "string" && /^\d{1,9}(\.\d{1,9})?s$/.test(value)) return value;
  throw new TypeError("no duration");
}

/** grpc-js itself reads the fraction of a text as nanoseconds. */
function durationOf(value: unknown): { seconds: number; nanos: number } {
  const [seconds = "", fraction = ""] = durationText(value).slice(0, -1).split(".");
  return { seconds: Number(seconds), nanos: Number(fraction.padEnd(9, "0")) };
}

function codesOf(value: unknown): string[] {
  const codes = asArray(value).map((code) => (code === 14 ? "UNAVAILABLE" : asString(code)));
  if (codes.length > 0 && codes.every((code) => /^[A-Z_]+$/.test(code))) return codes;
  throw new TypeError("no codes");
}

function recordOfObjects(value: unknown): { [name: string]: object } {
  return Object.fromEntries(Object.entries(asRecord(value)).map(([name, each]) => [name, asRecord(each)]));
}
