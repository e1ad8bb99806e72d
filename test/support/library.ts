// The library, a service with an open API, and a gateway before it, each in this process.
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { reject, serve, startService, type RunningService, type ServiceOptions } from "@samspel/runtime";
import { startGateway, type Gateway, type GatewayOptions } from "samspel/gateway";
import type { Test } from "tap";
import { Genre, LibrarianService, LibraryService } from "../gen/samspel/test/v1/library_pb.ts";
import { silentLogger } from "./silent-logger.ts";
import { until } from "./until.ts";

export interface Library {
  readonly registryUrl: string;
  readonly gateway: Gateway;
  readonly service: RunningService;
  /** What files were written, by path. */
  readonly files: Map<string, { readonly contentType: string; readonly data: Uint8Array }>;
  /** The contexts of the calls that came to a handler. */
  readonly contexts: HandlerContext[];
  /** The gateway's URL, and a path of it. */
  at(this: void, path: string): string;
}

export interface LibraryOptions {
  readonly gateway?: GatewayOptions;
  readonly service?: Partial<ServiceOptions>;
}

/** Starts a registry, the library and a gateway that has read what it serves; all end with the test. */
export async function startLibrary(t: Test, options: LibraryOptions = {}): Promise<Library> {
  const registry = await startEmbeddedRegistry();
  t.teardown(() => registry.close());
  const files: Library["files"] = new Map();
  const contexts: HandlerContext[] = [];
  const service = await startLibraryService(t, registry.url, { files, contexts, ...options.service });
  const gateway = await startTestGateway(t, registry.url, options.gateway);
  // It does not wait for longer than a second, which may be too short on a busy machine.
  await until("the library is open", () => LibraryService.typeName in gateway.openMethods());
  return {
    registryUrl: registry.url,
    gateway,
    service,
    files,
    contexts,
    at: (path) => `${gateway.url}${path}`,
  };
}

export async function startTestGateway(
  t: Test,
  registryUrl: string,
  options: GatewayOptions = {},
): Promise<Gateway> {
  const gateway = await startGateway({ registryUrl, logger: silentLogger, drainMs: 2_000, ...options });
  t.teardown(() => gateway.close());
  await gateway.ready;
  return gateway;
}

export async function startLibraryService(
  t: Test,
  registryUrl: string,
  options: Partial<ServiceOptions> & Partial<Pick<Library, "files" | "contexts">> = {},
): Promise<RunningService> {
  const { files = new Map(), contexts = [], ...rest } = options;
  const service = await startService({
    name: "library",
    registryUrl,
    ownsProcess: false,
    logger: silentLogger,
    services: [
      serve(LibraryService, libraryImpl(files, contexts)),
      serve(LibrarianService, { fire: () => ({}) }),
    ],
    ...rest,
  });
  t.teardown(() => service.stop());
  return service;
}

const shelves = ["crime", "poetry"];

/** What its handlers do; they note what they are given. */
export function libraryImpl(
  files: Library["files"],
  contexts: HandlerContext[],
): ServiceImpl<typeof LibraryService> {
  return {
    getShelf({ shelfId, theme }, context) {
      contexts.push(context);
      if (shelfId === "none") throw reject(Code.NotFound, "no such shelf", { metadata: { shelf: shelfId } });
      if (shelfId === "broken") throw new Error("a secret of the library");
      context.responseHeader.set("x-shelf", "oak");
      context.responseTrailer.set("x-dust", "little");
      return { shelfId, theme, books: shelfId === "empty" ? 0 : 3 };
    },
    updateBook: ({ book, updateMask, validateOnly }) => ({
      validateOnly,
      ...(book === undefined ? {} : { book }),
      ...(updateMask === undefined ? {} : { updateMask }),
    }),
    addBook({ shelfId, book }) {
      const { title = "", pages = 0n, genre = Genre.UNSPECIFIED } = book ?? {};
      return { book: { name: `shelves/${shelfId}/books/1`, title, pages, genre } };
    },
    search: (request) => ({ request }),
    readFile({ path }) {
      const file = files.get(path);
      if (file === undefined) throw new ConnectError("no such file", Code.NotFound);
      return file;
    },
    writeFile({ path, content }) {
      files.set(path, { contentType: content?.contentType ?? "", data: content?.data ?? new Uint8Array() });
      return {};
    },
    async *watchShelf({ count }, context) {
      contexts.push(context);
      for (let number = 1; number <= Math.abs(count); number++) yield { number };
      if (count < 0) throw reject(Code.FailedPrecondition, "the shelf fell");
      if (count === 0) await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    },
    listShelves: () => ({ shelfIds: shelves }),
    countBooks(_, context) {
      contexts.push(context);
      return {
        books: 7,
        headers: Object.fromEntries(context.requestHeader),
        timeoutMs: context.timeoutMs() ?? 0,
      };
    },
    async *chat(requests, context) {
      contexts.push(context);
      for await (const { text } of requests) yield { text: `${text}!` };
    },
    burnShelf: () => ({}),
  };
}
