// What goes with a call: metadata, the trace; and what every service serves beside its own.
import { createRegistry } from "@samspel/registry";
import { Code, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "@samspel/runtime/gen/grpc/health/v1/health_pb.js";
import {
  ServerReflection,
  type ServerReflectionRequestSchema,
} from "@samspel/runtime/gen/grpc/reflection/v1/reflection_pb.js";
import { ScenarioService } from "../../gen/samspel/scenario/v1/scenario_pb.ts";
import { clientOf, failure, parameter, same, type Run, type Scenario } from "./scenario.ts";

export const metadata: Scenario = async (run) => {
  const found = new Map<string, string | null>();
  const { entries } = await clientOf(run).metadata(
    { header: "h", trailer: "t" },
    {
      headers: { "x-scenario-text": "hello", "x-scenario-bin": "AAH/" },
      onHeader: (headers) => found.set("header", headers.get("x-scenario-header")),
      onTrailer: (trailers) => found.set("trailer", trailers.get("x-scenario-trailer")),
    },
  );
  same("text", entries["x-scenario-text"], "hello");
  same("bytes", entries["x-scenario-bin"], "AAH/");
  same("header and trailer", [found.get("header"), found.get("trailer")], ["h", "t"]);
};

export const traceContext: Scenario = async (run) => {
  await clientOf(run).note({ key: parameter(run, "key"), text: "traced" });
};

/** Health and reflection are an instance's own, not the proto service's. */
async function transportTo(run: Run): Promise<Transport> {
  await using registry = createRegistry();
  const [instance] = await registry.resolve(ScenarioService.typeName);
  if (instance === undefined) throw new Error(`no instance of ${ScenarioService.typeName}`);
  run.service.logger.debug({ instance: instance.id }, "looks at an instance");
  return createGrpcTransport({ baseUrl: `http://${instance.address}:${instance.port}` });
}

export const health: Scenario = async (run) => {
  const client = createClient(Health, await transportTo(run));
  for (const service of ["", ScenarioService.typeName]) {
    same(`health of "${service}"`, (await client.check({ service })).status, Status.SERVING);
  }
  await failure("health of another", Code.NotFound, client.check({ service: "no.such.Service" }));
};

async function* reflectionRequests(): AsyncIterable<MessageInitShape<typeof ServerReflectionRequestSchema>> {
  yield { messageRequest: { case: "listServices", value: "" } };
  yield { messageRequest: { case: "fileContainingSymbol", value: ScenarioService.typeName } };
}

export const reflection: Scenario = async (run) => {
  const client = createClient(ServerReflection, await transportTo(run));
  const names: string[] = [];
  const files: string[] = [];
  for await (const { messageResponse } of client.serverReflectionInfo(reflectionRequests())) {
    if (messageResponse.case === "listServicesResponse") {
      names.push(...messageResponse.value.service.map(({ name }) => name));
    } else if (messageResponse.case === "fileDescriptorResponse") {
      for (const bytes of messageResponse.value.fileDescriptorProto) {
        const { package: name, service } = fromBinary(FileDescriptorProtoSchema, bytes);
        files.push(...service.map((declared) => `${name}.${declared.name}`));
      }
    }
  }
  same("it lists the service", names.includes(ScenarioService.typeName), true);
  same("it gives the service's file", files.includes(ScenarioService.typeName), true);
};
