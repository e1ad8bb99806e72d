import t from "tap";
import { readExportSettings } from "./export-settings.ts";

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };

function read(environment: Readonly<Record<string, string>>) {
  const warnings: string[] = [];
  return { settings: readExportSettings(environment, (message) => void warnings.push(message)), warnings };
}

t.test("readExportSettings() gives nothing where nothing is to be exported", async (t) => {
  for (const environment of [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: " " },
    { ...endpoint, OTEL_SDK_DISABLED: "TRUE" },
    { ...endpoint, OTEL_TRACES_EXPORTER: "none" },
  ])
    t.same(read(environment), { settings: undefined, warnings: [] });
});

t.test("readExportSettings() has the defaults of the specification, and a longer queue", async (t) => {
  t.same(read(endpoint), {
    settings: {
      endpoint: "http://127.0.0.1:4318",
      protocol: "http/protobuf",
      serviceName: undefined,
      sampler: "parentbased_always_on",
      ratio: 1,
      scheduleDelayMs: 5_000,
      maxQueueSize: 8_192,
      maxBatchSize: 512,
    },
    warnings: [],
  });
});

t.test("readExportSettings() prefers what is said of traces alone", async (t) => {
  const { settings } = read({
    ...endpoint,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces/v1/traces",
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/json",
    OTEL_SERVICE_NAME: "cart-blue",
    OTEL_BSP_MAX_QUEUE_SIZE: "100",
  });
  t.match(settings, {
    endpoint: "https://traces/v1/traces",
    protocol: "http/json",
    serviceName: "cart-blue",
    maxQueueSize: 100,
    maxBatchSize: 100,
  });
});

t.test("readExportSettings() tells of what it cannot use, and goes on without", async (t) => {
  const sampled = read({ ...endpoint, OTEL_TRACES_SAMPLER: "some", OTEL_TRACES_SAMPLER_ARG: "2" });
  t.match(sampled.settings, { sampler: "parentbased_always_on", ratio: 1 });
  t.match(sampled.warnings, [
    /^OTEL_TRACES_SAMPLER must be one of always_on.*current value is "some"; parentbased_always_on is used$/,
    /^OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1: current value is "2"; 1 is used$/,
  ]);
  t.match(read({ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }), {
    settings: undefined,
    warnings: [/^OTEL_EXPORTER_OTLP_PROTOCOL must be http\/protobuf or http\/json/],
  });
  const secret = read({ OTEL_EXPORTER_OTLP_ENDPOINT: "me:secret@host" });
  t.equal(secret.settings, undefined);
  t.match(secret.warnings, [/^OTEL_EXPORTER_OTLP_ENDPOINT must be a URL/]);
  t.notMatch(secret.warnings.join(" "), /secret/);
});
