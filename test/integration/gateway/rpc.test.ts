// gRPC, gRPC-Web and Connect through the gateway: each kind of method, with metadata, errors and cancellation.
import http2 from "node:http2";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { errorDetail } from "@samspel/runtime";
import t from "tap";
import { LibrarianService, LibraryService } from "../../gen/samspel/test/v1/library_pb.ts";
import { startLibrary } from "../../support/library.ts";

const library = await startLibrary(t, { gateway: { maxMessageBytes: 64 * 1024, reflection: true } });
const baseUrl = library.gateway.url;

const transports: Readonly<Record<string, Transport>> = {
  gRPC: createGrpcTransport({ baseUrl }),
  "gRPC with JSON": createGrpcTransport({ baseUrl, useBinaryFormat: false }),
  "gRPC-Web": createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "gRPC-Web over HTTP/2": createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
  Connect: createConnectTransport({ baseUrl, httpVersion: "2" }),
  "Connect over HTTP/1.1": createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect with JSON": createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false }),
  "Connect by GET": createConnectTransport({ baseUrl, httpVersion: "1.1", useHttpGet: true }),
};

for (const [name, transport] of Object.entries(transports)) {
  const client = createClient(LibraryService, transport);

  t.test(`${name}: a call, its headers and its trailers`, async (t) => {
    let header = new Headers();
    let trailer = new Headers();
    const shelf = await client.getShelf(
      { shelfId: "crime" },
      {
        headers: { "x-reader": "Ann", "samspel-command-id": "7", "samspel-principal": "root" },
        onHeader: (headers) => void (header = headers),
        onTrailer: (trailers) => void (trailer = trailers),
      },
    );
    t.match(shelf, { shelfId: "crime", books: 3 });
    t.equal(header.get("x-shelf"), "oak");
    t.equal(trailer.get("x-dust"), "little");
    const seen = library.contexts.at(-1)?.requestHeader;
    t.equal(seen?.get("x-reader"), "Ann");
    t.equal(seen?.get("samspel-command-id"), "7", "a caller's own");
    t.equal(seen?.get("samspel-principal"), null, "nobody outside speaks for the gateway");
    t.match(seen?.get("traceparent"), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    t.equal(seen?.get("x-forwarded-for"), "127.0.0.1");
    t.equal(seen?.get("x-request-id"), header.get("x-request-id"));
  });

  t.test(`${name}: an error, with its detail`, async (t) => {
    const error = await client
      .getShelf({ shelfId: "none" })
      .catch((error: unknown) => ConnectError.from(error));
    t.ok(error instanceof ConnectError);
    if (!(error instanceof ConnectError)) return;
    t.match([error.code, error.rawMessage], [Code.NotFound, "no such shelf"]);
    t.match(errorDetail(error), { code: "SAMSPEL_REJECTED", metadata: { shelf: "none" } });
    await t.rejects(client.getShelf({ shelfId: "broken" }), {
      code: Code.Internal,
      rawMessage: "internal error",
    });
  });

  t.test(`${name}: streams`, async (t) => {
    const numbers: number[] = [];
    for await (const { number } of client.watchShelf({ shelfId: "crime", count: 3 })) numbers.push(number);
    t.same(numbers, [1, 2, 3]);
    const failing = async (): Promise<void> => {
      for await (const { number } of client.watchShelf({ count: -2 })) numbers.push(number);
    };
    await t.rejects(failing(), { code: Code.FailedPrecondition, rawMessage: "the shelf fell" });
    t.same(numbers, [1, 2, 3, 1, 2], "what came before the failure came");
    if (name.includes("1.1") || name === "gRPC-Web" || name === "Connect by GET") return;
    // One after the other, in turns: both directions flow.
    const turns = Promise.withResolvers<void>();
    async function* words(): AsyncGenerator<{ text: string }> {
      yield { text: "one" };
      await turns.promise;
      yield { text: "two" };
    }
    const answers: string[] = [];
    for await (const { text } of client.chat(words())) {
      answers.push(text);
      turns.resolve();
    }
    t.same(answers, ["one!", "two!"]);
  });

  t.test(`${name}: a deadline reaches the service, and ends the call`, async (t) => {
    const { timeoutMs } = await client.countBooks({}, { timeoutMs: 5_000 });
    t.ok(timeoutMs > 0 && timeoutMs <= 5_000, `it had ${timeoutMs} ms`);
    t.ok((await client.countBooks({})).timeoutMs <= 10_000, "without one, the default");
    const endless = async (): Promise<void> => {
      for await (const _ of client.watchShelf({}, { timeoutMs: 200 }));
    };
    await t.rejects(endless(), { code: Code.DeadlineExceeded });
  });

  t.test(`${name}: who leaves ends the call at the service`, async (t) => {
    const before = library.contexts.length;
    const leaving = new AbortController();
    const endless = (async () => {
      for await (const _ of client.watchShelf({}, { signal: leaving.signal }));
    })().catch((error: unknown) => ConnectError.from(error).code);
    while (library.contexts.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
    const signal = library.contexts.at(-1)?.signal;
    leaving.abort();
    t.equal(await endless, Code.Canceled);
    await new Promise<void>((resolve) => {
      if (signal?.aborted === true) resolve();
      signal?.addEventListener("abort", () => resolve());
    });
  });

  t.test(`${name}: what is not public is answered as what is not there`, async (t) => {
    const codes = await Promise.all([
      client.burnShelf({}).catch((error: unknown) => ConnectError.from(error)),
      createClient(LibrarianService, transport)
        .fire({})
        .catch((error: unknown) => ConnectError.from(error)),
    ]);
    for (const error of codes) t.match(error, { code: Code.Unimplemented });
  });

  t.test(`${name}: a message that is too large is refused`, async (t) => {
    const large = "x".repeat(100 * 1024);
    await t.rejects(client.countBooks({ shelfId: large }), { code: Code.ResourceExhausted });
  });
}

t.test("the bytes of gRPC pass as they are, also a field that nobody knows", async (t) => {
  const session = http2.connect(baseUrl);
  t.teardown(() => session.close());
  // Field 1, and field 999, which no descriptors have, with a varint that is longer than it must be.
  const message = Buffer.from("0a056372696d65b83e8100", "hex");
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  const request = session.request({
    ":method": "POST",
    ":path": "/samspel.test.v1.LibraryService/GetShelf",
    "content-type": "application/grpc",
    te: "trailers",
  });
  request.end(frame);
  const chunks: Buffer[] = [];
  let status: unknown;
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("trailers", (trailers) => (status = trailers["grpc-status"]));
  await new Promise((resolve) => request.once("close", resolve));
  t.equal(status, "0");
  t.equal(Buffer.concat(chunks).toString("hex"), "00000000090a056372696d651803");
});

t.test("health and reflection are of what is open", async (t) => {
  const { Health } = await import("@samspel/runtime/gen/grpc/health/v1/health_pb.js");
  const { ServerReflection } = await import("@samspel/runtime/gen/grpc/reflection/v1/reflection_pb.js");
  const transport = createGrpcTransport({ baseUrl });
  t.match(await createClient(Health, transport).check({}), { status: 1 });
  async function* list() {
    yield { messageRequest: { case: "listServices" as const, value: "" } };
  }
  for await (const { messageResponse } of createClient(ServerReflection, transport).serverReflectionInfo(
    list(),
  )) {
    const { case: kind, value } = messageResponse;
    t.equal(kind, "listServicesResponse");
    if (kind !== "listServicesResponse") return;
    const names = new Set(value.service.map(({ name }) => name));
    t.ok(names.has("samspel.test.v1.LibraryService"));
    t.notOk(names.has("samspel.test.v1.LibrarianService"));
  }
});
