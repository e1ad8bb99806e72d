// Connect's handlers of what is served: for Connect, gRPC-Web and JSON.
import { createRegistry, type DescFile, type DescMethod } from "@bufbuild/protobuf";
import { createConnectRouter, type Interceptor } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { file_samspel_v1_errors } from "../gen/samspel/v1/errors_pb.ts";
import type { ServiceBinding } from "./binding.ts";
import { withDependencies } from "./file-index.ts";

export interface ConnectHandlersOptions {
  readonly bindings: readonly ServiceBinding[];
  /** The first is the outermost. */
  readonly interceptors: readonly Interceptor[];
  /** Of one request message, as it is when a call comes. */
  readonly maxRequestBytes: (method: DescMethod) => number;
  readonly shutdown: AbortSignal;
}

interface Entry {
  readonly binding: ServiceBinding;
  readonly method: DescMethod;
  maxBytes: number;
  handler: UniversalHandler | undefined;
}

/** Finds the handler of a path. */
export function createConnectHandlers(
  options: ConnectHandlersOptions,
): (path: string) => UniversalHandler | undefined {
  // So that a google.protobuf.Any of a served API, or of an error's details, has a form in JSON.
  const registry = createRegistry(file_samspel_v1_errors, ...filesOf(options.bindings));
  const build = ({ service, impl }: ServiceBinding, maxBytes: number): Map<string, UniversalHandler> => {
    const router = createConnectRouter({
      interceptors: [...options.interceptors],
      acceptCompression: [compressionGzip, compressionBrotli],
      // Between neighbours compression costs more than it saves: with 4 KiB bodies a quarter of the throughput.
      compressMinBytes: 64 * 1024,
      readMaxBytes: maxBytes,
      shutdownSignal: options.shutdown,
      jsonOptions: { registry },
    });
    router.service(service, impl);
    return new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  };

  const entries = new Map<string, Entry>();
  for (const binding of options.bindings) {
    const built = new Map<number, ReturnType<typeof build>>();
    for (const method of binding.service.methods) {
      const maxBytes = options.maxRequestBytes(method);
      const handlers = built.get(maxBytes) ?? build(binding, maxBytes);
      built.set(maxBytes, handlers);
      const path = pathOf(method);
      entries.set(path, { binding, method, maxBytes, handler: handlers.get(path) });
    }
  }
  return (path) => {
    const entry = entries.get(path);
    if (entry === undefined) return undefined;
    const maxBytes = options.maxRequestBytes(entry.method);
    // Connect fixes the limit when it makes a handler; policies change now and then.
    if (maxBytes !== entry.maxBytes) {
      entry.maxBytes = maxBytes;
      entry.handler = build(entry.binding, maxBytes).get(path);
    }
    return entry.handler;
  };
}

function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

function filesOf(bindings: readonly ServiceBinding[]): readonly DescFile[] {
  return bindings.flatMap(({ service }) => withDependencies(service.file));
}
