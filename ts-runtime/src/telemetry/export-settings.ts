// What the environment says about exporting spans, in the variables of OpenTelemetry's specification. As that has it,
// a value that makes no sense is told and the default taken: no service stays down over its telemetry.

type Environment = Readonly<Record<string, string | undefined>>;

type SamplerName =
  | "always_on"
  | "always_off"
  | "traceidratio"
  | "parentbased_always_on"
  | "parentbased_always_off"
  | "parentbased_traceidratio";

export interface ExportSettings {
  /** As it was given; it may hold a password. */
  readonly endpoint: string;
  readonly protocol: "http/protobuf" | "http/json";
  readonly serviceName: string | undefined;
  readonly sampler: SamplerName;
  /** Of the traces that begin here: 0 to 1. */
  readonly ratio: number;
  readonly scheduleDelayMs: number;
  readonly maxQueueSize: number;
  readonly maxBatchSize: number;
}

const samplers: ReadonlySet<string> = new Set<SamplerName>([
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
]);

/** Undefined where nothing is to be exported. `warn` is told of values that are not used. */
export function readExportSettings(
  environment: Environment,
  warn: (message: string) => void,
): ExportSettings | undefined {
  const get = (name: string): string | undefined => {
    const value = environment[name]?.trim();
    return value === "" ? undefined : value;
  };
  const endpoint = get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") ?? get("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (endpoint === undefined) return undefined;
  if (get("OTEL_SDK_DISABLED")?.toLowerCase() === "true" || get("OTEL_TRACES_EXPORTER") === "none")
    return undefined;

  const refuse = (name: string, must: string, used: string): void =>
    warn(`${name} must be ${must}: current value is "${get(name)}"; ${used}`);
  const number = (name: string, byDefault: number, [least, most]: readonly [number, number]): number => {
    const value = Number(get(name) ?? byDefault);
    if (value >= least && value <= most) return value;
    refuse(name, `a number from ${least} to ${most}`, `${byDefault} is used`);
    return byDefault;
  };

  if (!/^https?:\/\//i.test(endpoint) || !URL.canParse(endpoint)) {
    warn("OTEL_EXPORTER_OTLP_ENDPOINT must be a URL like http://host:4318: no spans are exported");
    return undefined;
  }
  const protocolName =
    get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") === undefined
      ? "OTEL_EXPORTER_OTLP_PROTOCOL"
      : "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL";
  const protocol = get(protocolName) ?? "http/protobuf";
  if (protocol !== "http/protobuf" && protocol !== "http/json") {
    refuse(protocolName, "http/protobuf or http/json", "no spans are exported");
    return undefined;
  }
  const sampler = get("OTEL_TRACES_SAMPLER") ?? "parentbased_always_on";
  const isKnown = isSampler(sampler);
  if (!isKnown)
    refuse("OTEL_TRACES_SAMPLER", `one of ${[...samplers].join(", ")}`, "parentbased_always_on is used");
  const maxQueueSize = number("OTEL_BSP_MAX_QUEUE_SIZE", 8_192, [1, 1_000_000]);
  return {
    endpoint,
    protocol,
    serviceName: get("OTEL_SERVICE_NAME"),
    sampler: isKnown ? sampler : "parentbased_always_on",
    ratio: number("OTEL_TRACES_SAMPLER_ARG", 1, [0, 1]),
    scheduleDelayMs: number("OTEL_BSP_SCHEDULE_DELAY", 5_000, [10, 600_000]),
    maxQueueSize,
    maxBatchSize: Math.min(maxQueueSize, number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512, [1, 1_000_000])),
  };
}

function isSampler(name: string): name is SamplerName {
  return samplers.has(name);
}
