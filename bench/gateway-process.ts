// The service or the gateway of the measurement, as a process of its own.
import { startGateway } from "samspel/gateway";
import { serve, startService } from "@samspel/runtime";
import { LibraryService } from "../test/gen/samspel/test/v1/library_pb.ts";
import { silentLogger } from "../test/support/silent-logger.ts";

const [, , role, registryUrl = ""] = process.argv;

async function start(): Promise<string> {
  if (role === "gateway") {
    const gateway = await startGateway({ registryUrl, logger: silentLogger });
    await gateway.ready;
    return gateway.url;
  }
  const { host, port } = await startService({
    name: "library",
    registryUrl,
    logger: silentLogger,
    ownsProcess: false,
    services: [
      serve(LibraryService, {
        getShelf: ({ shelfId, theme }) => ({ shelfId, theme, books: 3 }),
        updateBook: () => ({}),
        addBook: () => ({}),
        search: () => ({}),
        readFile: () => ({}),
        writeFile: () => ({}),
        async *watchShelf() {},
        listShelves: () => ({}),
        countBooks: () => ({}),
        async *chat() {},
        burnShelf: () => ({}),
      }),
    ],
  });
  return `http://${host}:${port}`;
}

process.send?.(await start());
process.once("disconnect", () => process.exit(0));
