// Asks a server what it serves: gRPC reflection, v1 and else v1alpha, which has the same messages under another name.
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, type CallOptions } from "@connectrpc/connect";
import {
  ServerReflection as ReflectionV1,
  type ServerReflectionResponse as ResponseV1,
} from "@samspel/runtime/gen/grpc/reflection/v1/reflection_pb.js";
import {
  ServerReflection as ReflectionV1Alpha,
  type ServerReflectionResponse as ResponseV1Alpha,
} from "@samspel/runtime/gen/grpc/reflection/v1alpha/reflection_pb.js";
import { briefTransport } from "../probe.ts";
import { isOwn } from "./api.ts";
import { parseFile } from "./file-set.ts";

/** What came of it. */
export type Reflected =
  | {
      readonly type: "reflected";
      readonly protoServices: readonly string[];
      readonly files: readonly FileDescriptorProto[];
    }
  /** The server has no reflection, or nothing that speaks gRPC answers. */
  | { readonly type: "missing"; readonly reason: string };

interface Query {
  readonly case: "listServices" | "fileContainingSymbol" | "fileByFilename";
  readonly value: string;
}

/** One question, one stream: some servers end a stream at the first question that they cannot answer. */
type Ask = (query: Query) => Promise<ResponseV1 | ResponseV1Alpha>;

const timeoutMs = 10_000;

export async function reflect(baseUrl: string, signal: AbortSignal): Promise<Reflected> {
  const transport = briefTransport(baseUrl);
  const options: CallOptions = { signal, timeoutMs };
  const v1 = createClient(ReflectionV1, transport);
  const v1alpha = createClient(ReflectionV1Alpha, transport);
  const asks: readonly Ask[] = [
    (messageRequest) => first(v1.serverReflectionInfo(only({ messageRequest }), options)),
    (messageRequest) => first(v1alpha.serverReflectionInfo(only({ messageRequest }), options)),
  ];
  let reason = "";
  for (const ask of asks) {
    try {
      return await askAll(ask);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ConnectError)) throw error;
      reason = error.message;
      if (error.code !== Code.Unimplemented) break;
    }
  }
  return { type: "missing", reason };
}

async function askAll(ask: Ask): Promise<Reflected> {
  const { messageResponse: listed } = await ask({ case: "listServices", value: "" });
  if (listed.case !== "listServicesResponse") throw refusal("the list of services", listed);
  const protoServices = listed.value.service.map(({ name }) => name).filter(isOwn);
  const files = new Map<string, FileDescriptorProto>();
  const take = async (query: Query): Promise<void> => {
    const { messageResponse } = await ask(query);
    if (messageResponse.case !== "fileDescriptorResponse") throw refusal(query.value, messageResponse);
    for (const bytes of messageResponse.value.fileDescriptorProto) {
      const file = parseFile(bytes);
      files.set(file.name, file);
    }
  };
  for (const value of protoServices) await take({ case: "fileContainingSymbol", value });
  // Some servers answer with a file alone, others with all that it imports.
  for (;;) {
    const imports = [...files.values()].flatMap(({ dependency }) => dependency);
    const lacking = new Set(imports.filter((name) => !files.has(name)));
    if (lacking.size === 0) break;
    for (const value of lacking) {
      await take({ case: "fileByFilename", value });
      if (!files.has(value)) throw refusal(value, { case: undefined });
    }
  }
  return { type: "reflected", protoServices: protoServices.toSorted(), files: [...files.values()] };
}

function refusal(what: string, answer: (ResponseV1 | ResponseV1Alpha)["messageResponse"]): ConnectError {
  const said = answer.case === "errorResponse" ? answer.value.errorMessage : "it answers with something else";
  return new ConnectError(`reflection does not give ${what}: ${said}`, Code.DataLoss);
}

async function* only<T>(request: T): AsyncGenerator<T> {
  yield request;
}

/** The one answer to the one question, read until the stream ends: Connect keeps the timer of one that is left. */
async function first<T>(answers: AsyncIterable<T>): Promise<T> {
  const all: T[] = [];
  for await (const answer of answers) all.push(answer);
  const [answer] = all;
  if (answer === undefined) throw new ConnectError("reflection gave no answer", Code.DataLoss);
  return answer;
}
