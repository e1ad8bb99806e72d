// A service as somebody would write it from docs/joining.md alone, with faults on demand.
import { createHash, randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import {
  clone,
  create,
  fromBinary,
  toBinary,
  type DescFile,
  type DescMessage,
  type DescMethod,
  type DescService,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import {
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as Status,
  HealthCheckResponseSchema,
} from "@samspel/runtime/gen/grpc/health/v1/health_pb.js";
import {
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
  type ServerReflectionResponse,
} from "@samspel/runtime/gen/grpc/reflection/v1/reflection_pb.js";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import type { Test } from "tap";
import { withDependencies } from "../../../ts-runtime/src/service/file-index.ts";
import { CounterService, CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { startRawServer, type RawHandler } from "./raw-grpc-server.ts";

const invalidArgument = 3;
const notFound = 5;
const resourceExhausted = 8;
const unimplemented = 12;
const internal = 13;

/** The JSON of a registration. */
export interface Body {
  readonly ID: string;
  readonly Name: string;
  readonly Address: string;
  readonly Port: number;
  readonly Tags: readonly string[];
  readonly Meta: Readonly<Record<string, string>>;
  readonly Check: Readonly<Record<string, string>> | undefined;
}

/** What is wrong with it. */
export interface Faults {
  /** Changes what it says of itself. */
  readonly registration?: (body: Body) => Body;
  readonly isNeverRegisteredAgain?: boolean;
  readonly health?: "missing" | "same-to-all" | "empty-name-alone" | "unwatched" | "unknown-unwatched";
  readonly reflection?: "missing" | "without-imports" | "old";
  /** Larger requests are refused. */
  readonly maxRequestBytes?: number;
  readonly maxHeaders?: number;
  readonly closesOnPing?: boolean;
  readonly ignoresDeadlines?: boolean;
  /** Watches that were cancelled keep their place, of which there are 100. */
  readonly ignoresCancellation?: boolean;
  readonly unknownMethods?: "internal" | "ok";
  readonly garbage?: "handled" | "stack";
  /** Its port is TLS, with a health listener beside it. */
  readonly tls?: "good" | "of-another-service" | "of-another-ca" | "open-to-all" | "with-open-back-door";
  readonly descriptors?: "missing" | "stale" | "not-whole";
}

export interface ForeignService {
  readonly name: string;
  readonly id: string;
  readonly url: string;
}

const services: readonly DescService[] = [EchoService, CounterService, CounterTopics];

/** Starts it and registers it; it ends with the test. */
export async function startForeignService(
  t: Pick<Test, "teardown">,
  registryUrl: string,
  faults: Faults = {},
): Promise<ForeignService> {
  const name = `foreign-${randomUUID().slice(0, 8)}`;
  const server = await startRawServer({
    handlers: handlersOf(faults),
    ...(faults.tls === undefined ? {} : { tls: await tlsOf(registryUrl, name, faults.tls) }),
    ignoresDeadlines: faults.ignoresDeadlines ?? false,
    maxHeaders: faults.maxHeaders,
    closesOnPing: faults.closesOnPing,
    otherwise: ({ end }) => {
      if (faults.unknownMethods === "ok") end(0);
      else end(faults.unknownMethods === "internal" ? internal : unimplemented, "no such method");
    },
  });
  t.teardown(() => server[Symbol.asyncDispose]());
  const digest = await storeDescriptors(registryUrl, faults);
  const healthPort = faults.tls === undefined ? undefined : await listenForHealth(t, faults);
  const own = registrationOf(name, { port: server.port, digest, healthPort });
  const body = faults.registration?.(own) ?? own;
  await keepRegistered(t, registryUrl, body, faults.isNeverRegisteredAgain !== true);
  return { name: body.Name, id: body.ID, url: `http://127.0.0.1:${server.port}` };
}

interface Registered {
  readonly port: number;
  readonly digest: string;
  readonly healthPort: number | undefined;
}

function registrationOf(name: string, { port, digest, healthPort }: Registered): Body {
  const id = `${name}-127-0-0-1-${port}`;
  return {
    ID: id,
    Name: name,
    Address: "127.0.0.1",
    Port: port,
    Tags: ["grpc", ...services.map(({ typeName }) => typeName)],
    Meta: {
      protocols: "grpc",
      version: "1.0.0",
      zone: "",
      lang: "none",
      secure: String(healthPort !== undefined),
      ...(healthPort === undefined ? {} : { health_port: String(healthPort) }),
      samspel_contract: "1",
      descriptor_sha256: digest,
    },
    Check: {
      CheckID: `service:${id}`,
      GRPC: `127.0.0.1:${healthPort ?? port}`,
      Interval: "1s",
      Timeout: "2s",
      Status: "passing",
      DeregisterCriticalServiceAfter: "60s",
    },
  };
}

/** A certificate of the registry's CA, as a service of that name gets it. */
async function tlsOf(registryUrl: string, name: string, fault: NonNullable<Faults["tls"]>) {
  const service = fault === "of-another-service" ? "mail" : name;
  const ask = async (url: string, path: string): Promise<unknown> =>
    (await fetch(`${url}/v1/agent/connect/ca/${path}`)).json();
  await using other = fault === "of-another-ca" ? await startEmbeddedRegistry({ port: 0 }) : undefined;
  const leaf = await ask(other?.url ?? registryUrl, `leaf/${service}`);
  const roots = await ask(registryUrl, "roots");
  const { CertPEM: cert, PrivateKeyPEM: key } = leaf as { CertPEM: string; PrivateKeyPEM: string };
  const { Roots } = roots as { Roots: readonly { RootCert: string }[] };
  return { cert, key, ca: Roots.map(({ RootCert }) => RootCert), requestCert: fault !== "open-to-all" };
}

async function listenForHealth(t: Pick<Test, "teardown">, faults: Faults): Promise<number> {
  const all = handlersOf(faults);
  const handlers =
    faults.tls === "with-open-back-door"
      ? all
      : new Map([...all].filter(([path]) => path.includes("health")));
  const listener = await startRawServer({
    handlers,
    otherwise: ({ end }) => end(unimplemented),
    ignoresDeadlines: false,
  });
  t.teardown(() => listener[Symbol.asyncDispose]());
  return listener.port;
}

async function put(url: string, body?: string | Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await fetch(url, { method: "PUT", ...(body === undefined ? {} : { body }) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

const lookMs = 100;

async function keepRegistered(
  t: Pick<Test, "teardown">,
  url: string,
  body: Body,
  again: boolean,
): Promise<void> {
  const register = (): Promise<void> => put(`${url}/v1/agent/service/register`, JSON.stringify(body));
  await register();
  const look = async (): Promise<void> => {
    const { status } = await fetch(`${url}/v1/agent/service/${body.ID}`);
    if (status === 404) await register();
  };
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    if (again) looking = looking.then(look).catch(() => {});
  }, lookMs);
  t.teardown(async () => {
    clearInterval(timer);
    await looking;
    await put(`${url}/v1/agent/service/deregister/${body.ID}`).catch(() => {});
  });
}

/** Puts the descriptors of what is served into the registry; gives their digest. */
async function storeDescriptors(registryUrl: string, { descriptors }: Faults): Promise<string> {
  const files = new Set(services.flatMap(({ file }) => withDependencies(file)));
  const file = importedFirst(files).map(({ proto }) => clone(FileDescriptorProtoSchema, proto));
  if (descriptors === "stale") {
    for (const { service } of file) service.find(({ name }) => name === "EchoService")?.method.pop();
  }
  const set = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
  // Each test has bytes of its own: a set is shared by all who have the same.
  const bytes = Buffer.concat([set, unknownField()]);
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (descriptors === "missing") return digest;
  const stored = descriptors === "not-whole" ? bytes.subarray(0, bytes.length - 10) : bytes;
  await put(`${registryUrl}/v1/kv/samspel/descriptors/${digest}?cas=0`, new Uint8Array(gzipSync(stored)));
  return digest;
}

/** Field 1,000 with a text of its own, which readers skip. */
function unknownField(): Uint8Array {
  const text = randomUUID();
  return Buffer.concat([Uint8Array.of(0xc2, 0x3e, text.length), Buffer.from(text)]);
}

function importedFirst(files: ReadonlySet<DescFile>): readonly DescFile[] {
  const ordered = new Set<DescFile>();
  const visit = (file: DescFile): void => {
    for (const dependency of file.dependencies) if (!ordered.has(dependency)) visit(dependency);
    ordered.add(file);
  };
  for (const file of files) visit(file);
  return [...ordered];
}

function handlersOf(faults: Faults): ReadonlyMap<string, RawHandler> {
  const handlers = new Map<string, RawHandler>();
  for (const method of services.flatMap(({ methods }) => methods))
    handlers.set(pathOf(method), answering(method.input, faults));
  if (faults.health !== "missing") {
    handlers.set("/grpc.health.v1.Health/Check", checked(faults));
    if (faults.health !== "unwatched") handlers.set("/grpc.health.v1.Health/Watch", watched(faults));
  }
  if (faults.reflection !== "missing")
    handlers.set(
      `/grpc.reflection.${faults.reflection === "old" ? "v1alpha" : "v1"}.ServerReflection/ServerReflectionInfo`,
      reflecting(faults),
    );
  return handlers;
}

function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

/** Every method answers with an empty message, where it can read its request. */
function answering(input: DescMessage, { garbage }: Faults): RawHandler {
  return readable(input, garbage, ({ send, end }) => {
    send(new Uint8Array());
    end(0);
  });
}

function readable(input: DescMessage, garbage: Faults["garbage"], handler: RawHandler): RawHandler {
  return (call) => {
    try {
      fromBinary(input, call.request);
    } catch (error) {
      if (garbage === "handled") return handler(call);
      const stack = error instanceof Error ? (error.stack ?? "") : "";
      return call.end(
        garbage === "stack" ? internal : invalidArgument,
        garbage === "stack" ? stack : "no message",
      );
    }
    return handler(call);
  };
}

function statusOf(name: string, health: Faults["health"]): Status | undefined {
  if (health === "same-to-all" || name === "") return Status.SERVING;
  if (health === "empty-name-alone") return undefined;
  return services.some(({ typeName }) => typeName === name) ? Status.SERVING : undefined;
}

function checked({ health, maxRequestBytes = Infinity }: Faults): RawHandler {
  return readable(HealthCheckRequestSchema, undefined, ({ request, send, end }) => {
    if (request.length > maxRequestBytes) return end(resourceExhausted, "too large");
    const status = statusOf(fromBinary(HealthCheckRequestSchema, request).service, health);
    if (status === undefined) return end(notFound, "unknown service");
    send(toBinary(HealthCheckResponseSchema, create(HealthCheckResponseSchema, { status })));
    return end(0);
  });
}

const maxWatches = 100;

function watched({ health, ignoresCancellation }: Faults): RawHandler {
  let watches = 0;
  return ({ request, signal, send, end }) => {
    if (watches >= maxWatches) return end(resourceExhausted, "too many watches");
    watches++;
    if (health === "unknown-unwatched" && fromBinary(HealthCheckRequestSchema, request).service !== "")
      return end(notFound, "unknown service");
    if (ignoresCancellation !== true) signal.addEventListener("abort", () => watches--);
    const { service } = fromBinary(HealthCheckRequestSchema, request);
    const status = statusOf(service, health === "same-to-all" ? undefined : health);
    return send(
      toBinary(
        HealthCheckResponseSchema,
        create(HealthCheckResponseSchema, { status: status ?? Status.SERVICE_UNKNOWN }),
      ),
    );
  };
}

function reflecting({ reflection }: Faults): RawHandler {
  const all = new Set(services.flatMap(({ file }) => withDependencies(file)));
  const files = new Map([...all].map((file) => [`${file.name}.proto`, file]));
  const answer = (
    query: ReturnType<typeof parse>["messageRequest"],
  ): ServerReflectionResponse["messageResponse"] | undefined => {
    if (query.case === "listServices") return listed();
    const file =
      query.case === "fileContainingSymbol"
        ? services.find(({ typeName }) => typeName === query.value)?.file
        : query.case === "fileByFilename" && reflection !== "without-imports"
          ? files.get(query.value)
          : undefined;
    return file === undefined ? undefined : given(file);
  };
  return ({ request, send, end }) => {
    const messageResponse = answer(parse(request).messageRequest) ?? refused();
    send(
      toBinary(ServerReflectionResponseSchema, create(ServerReflectionResponseSchema, { messageResponse })),
    );
    end(0);
  };
}

function parse(request: Uint8Array) {
  return fromBinary(ServerReflectionRequestSchema, request);
}

function listed(): ServerReflectionResponse["messageResponse"] {
  return create(ServerReflectionResponseSchema, {
    messageResponse: {
      case: "listServicesResponse",
      value: { service: services.map(({ typeName }) => ({ name: typeName })) },
    },
  }).messageResponse;
}

function given(file: DescFile): ServerReflectionResponse["messageResponse"] {
  return create(ServerReflectionResponseSchema, {
    messageResponse: {
      case: "fileDescriptorResponse",
      value: { fileDescriptorProto: [toBinary(FileDescriptorProtoSchema, file.proto)] },
    },
  }).messageResponse;
}

function refused(): ServerReflectionResponse["messageResponse"] {
  return create(ServerReflectionResponseSchema, {
    messageResponse: { case: "errorResponse", value: { errorCode: notFound, errorMessage: "not found" } },
  }).messageResponse;
}
