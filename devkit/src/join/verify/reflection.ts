// Learns what a running service serves, by grpc.reflection, v1 or else v1alpha.
import {
  create,
  createFileRegistry,
  fromBinary,
  toBinary,
  type DescService,
  type FileRegistry,
} from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import {
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "@samspel/runtime/gen/grpc/reflection/v1/reflection_pb.js";
import { endText, isStatus, statusOf, type Connection } from "./grpc/index.ts";

/** What a service serves, as it says itself. */
export interface ServedApi {
  readonly version: "v1" | "v1alpha";
  /** All proto services by their full names, the infrastructure's too. */
  readonly listed: readonly string[];
  /** What it is there for: without health and reflection, and without the toolkit's own. */
  readonly services: readonly DescService[];
  readonly registry: FileRegistry;
}

/** Why nothing could be learned, or what does not fit together. */
export class ReflectionFailure extends Error {}

/** Services of the infrastructure, which say nothing of what an instance is for. */
export function isInfrastructure(protoService: string): boolean {
  return /^(grpc\.(health|reflection|channelz)\.|samspel\.v1\.)/.test(protoService);
}

type Query = ServerReflectionRequest["messageRequest"];
type Ask = (query: Query) => Promise<ServerReflectionResponse["messageResponse"]>;

/** @throws ReflectionFailure */
export async function listServices(
  connection: Connection,
  waitMs: number,
): Promise<{ readonly version: "v1" | "v1alpha"; readonly listed: readonly string[]; readonly ask: Ask }> {
  const failures: string[] = [];
  for (const version of ["v1", "v1alpha"] as const) {
    const ask = asker(connection, version, waitMs);
    try {
      const answer = await ask({ case: "listServices", value: "" });
      if (answer.case !== "listServicesResponse")
        throw new ReflectionFailure(`its answer to list_services is ${answer.case ?? "empty"}`);
      return { version, listed: answer.value.service.map(({ name }) => name), ask };
    } catch (error) {
      if (!(error instanceof ReflectionFailure)) throw error;
      failures.push(`grpc.reflection.${version}: ${error.message}`);
    }
  }
  throw new ReflectionFailure(failures.join("; "));
}

/**
 * Fetches the files of what is served, and links them.
 * @throws ReflectionFailure for a service or an import that is not given, and for files that do not fit together.
 */
export async function learnApi(connection: Connection, waitMs: number): Promise<ServedApi> {
  const { version, listed, ask } = await listServices(connection, waitMs);
  const files = new Map<string, FileDescriptorProto>();
  const take = async (query: Query, what: string): Promise<void> => {
    const answer = await ask(query);
    if (answer.case === "errorResponse")
      throw new ReflectionFailure(`it does not give ${what}: ${answer.value.errorMessage}`);
    if (answer.case !== "fileDescriptorResponse")
      throw new ReflectionFailure(`its answer for ${what} is ${answer.case ?? "empty"}`);
    for (const bytes of answer.value.fileDescriptorProto) {
      const file = decodeFile(bytes, what);
      files.set(file.name, file);
    }
  };
  const wanted = listed.filter((name) => !isInfrastructure(name));
  for (const name of wanted) await take({ case: "fileContainingSymbol", value: name }, name);
  for (;;) {
    const missing = [...files.values()]
      .flatMap(({ dependency }) => dependency)
      .find((name) => !files.has(name));
    if (missing === undefined) break;
    await take({ case: "fileByFilename", value: missing }, missing);
    if (!files.has(missing))
      throw new ReflectionFailure(`asked for ${missing}, which is imported, it gives another file`);
  }
  const registry = link(files);
  const services = wanted.map((name) => {
    const service = registry.getService(name);
    if (service === undefined)
      throw new ReflectionFailure(`the file that it gives for ${name} does not have that service`);
    return service;
  });
  return { version, listed, services, registry };
}

function decodeFile(bytes: Uint8Array, what: string): FileDescriptorProto {
  try {
    return fromBinary(FileDescriptorProtoSchema, bytes);
  } catch {
    throw new ReflectionFailure(`what it gives for ${what} is no FileDescriptorProto`);
  }
}

function link(files: ReadonlyMap<string, FileDescriptorProto>): FileRegistry {
  const ordered = new Set<FileDescriptorProto>();
  const seen = new Set<FileDescriptorProto>();
  const visit = (file: FileDescriptorProto): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const name of file.dependency) {
      const dependency = files.get(name);
      if (dependency !== undefined) visit(dependency);
    }
    ordered.add(file);
  };
  for (const file of files.values()) visit(file);
  try {
    return createFileRegistry(create(FileDescriptorSetSchema, { file: [...ordered] }));
  } catch (error) {
    throw new ReflectionFailure(
      `its files do not fit together: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Asks one question a call: a server that answers slowly does not hold up others. */
function asker(connection: Connection, version: string, waitMs: number): Ask {
  return async (messageRequest) => {
    // The two versions have the same messages under different names.
    const request = create(ServerReflectionRequestSchema, { messageRequest });
    const { end, messages } = await connection.unary({
      path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      body: toBinary(ServerReflectionRequestSchema, request),
      waitMs,
    });
    const [first] = messages;
    if (first === undefined || !isStatus(end, statusOf.OK))
      throw new ReflectionFailure(`it answers with ${endText(end)}`);
    return fromBinary(ServerReflectionResponseSchema, first).messageResponse;
  };
}
