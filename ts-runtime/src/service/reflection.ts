// grpc.reflection, v1 and v1alpha: how grpcurl and its like learn an API from the running service. The two versions
// have the same messages under different names.
import type { DescFile, DescService } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  ServerReflection as ReflectionV1,
  type ServerReflectionRequest as RequestV1,
} from "../gen/grpc/reflection/v1/reflection_pb.ts";
import {
  ServerReflection as ReflectionV1Alpha,
  type ServerReflectionRequest as RequestV1Alpha,
} from "../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { file_samspel_v1_errors } from "../gen/samspel/v1/errors_pb.ts";
import { bind, type ServiceBinding } from "./binding.ts";
import { createFileIndex, encodeWithDependencies, type FileIndex } from "./file-index.ts";

type Query = RequestV1["messageRequest"] | RequestV1Alpha["messageRequest"];

type Answer =
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
  | {
      case: "allExtensionNumbersResponse";
      value: { baseTypeName: string; extensionNumber: number[] };
    }
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

/** Reflection over the given services, itself included, and over the details of our errors. */
export function createReflection(services: readonly DescService[]): readonly ServiceBinding[] {
  const all = [...services, ReflectionV1, ReflectionV1Alpha];
  const index = createFileIndex([...all.map((service) => service.file), file_samspel_v1_errors]);
  const names = all.map((service) => service.typeName).sort();
  return [
    bind(ReflectionV1, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) {
          const messageResponse = answer(index, names, request.messageRequest);
          yield { validHost: request.host, originalRequest: request, messageResponse };
        }
      },
    }),
    bind(ReflectionV1Alpha, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) {
          const messageResponse = answer(index, names, request.messageRequest);
          yield { validHost: request.host, originalRequest: request, messageResponse };
        }
      },
    }),
  ];
}

function answer(index: FileIndex, services: readonly string[], query: Query): Answer {
  switch (query.case) {
    case "listServices":
      return { case: "listServicesResponse", value: { service: services.map((name) => ({ name })) } };
    case "fileByFilename":
      return fileOr(index.byName(query.value), `file ${query.value}`);
    case "fileContainingSymbol":
      return fileOr(index.bySymbol(query.value), `symbol ${query.value}`);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = query.value;
      const file = index.byExtension(containingType, extensionNumber);
      return fileOr(file, `extension ${extensionNumber} of ${containingType}`);
    }
    case "allExtensionNumbersOfType": {
      const numbers = index.extensionNumbers(query.value);
      if (numbers === undefined) return notFound(`message ${query.value}`);
      const value = { baseTypeName: query.value, extensionNumber: [...numbers] };
      return { case: "allExtensionNumbersResponse", value };
    }
    default:
      return {
        case: "errorResponse",
        value: { errorCode: Code.InvalidArgument, errorMessage: "an empty request" },
      };
  }
}

function fileOr(file: DescFile | undefined, what: string): Answer {
  if (file === undefined) return notFound(what);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: encodeWithDependencies(file) } };
}

function notFound(what: string): Answer {
  return {
    case: "errorResponse",
    value: { errorCode: Code.NotFound, errorMessage: `no such ${what}` },
  };
}
