// gRPC's interop cases with our client: what each does, and what must come of it, as their descriptions say.
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { Code, decodeBinaryHeader, encodeBinaryHeader, type Client } from "@connectrpc/connect";
import type { TestService, UnimplementedService } from "../../gen/grpc/testing/test_pb.ts";
import { initialKey, trailingKey } from "./test-service.ts";
import { failureOf } from "../../support/failure-of.ts";

const requestSizes = [27_182, 8, 1_828, 45_904];
const responseSizes = [31_415, 9, 2_653, 58_979];
const [largeRequest, largeResponse] = [271_828, 314_159];
const withinMs = 60_000;
const parallelCalls = 50;
const soakIterations = 20;

export interface CaseContext {
  readonly test: Client<typeof TestService>;
  readonly unimplemented: Client<typeof UnimplementedService>;
  /** The same over a transport that compresses what it sends. */
  readonly compressing: Client<typeof TestService>;
  /** The same over a connection of its own, which the returned function closes. */
  reconnect(this: void): { readonly test: Client<typeof TestService>; readonly close: () => Promise<void> };
}

const payloadOf = (size: number): { payload: { body: Uint8Array } } => ({
  payload: { body: new Uint8Array(size) },
});

async function largeUnary(test: Client<typeof TestService>): Promise<void> {
  const answer = await test.unaryCall(
    { responseSize: largeResponse, ...payloadOf(largeRequest) },
    { timeoutMs: withinMs },
  );
  assert.equal(answer.payload?.body.length, largeResponse);
}

async function clientStreaming(test: Client<typeof TestService>): Promise<void> {
  async function* requests() {
    for (const size of requestSizes) yield payloadOf(size);
  }
  assert.equal((await test.streamingInputCall(requests())).aggregatedPayloadSize, 74_922);
}

async function serverStreaming(test: Client<typeof TestService>): Promise<void> {
  const responseParameters = responseSizes.map((size) => ({ size }));
  const sizes: (number | undefined)[] = [];
  for await (const { payload } of test.streamingOutputCall({ responseParameters }))
    sizes.push(payload?.body.length);
  assert.deepEqual(sizes, responseSizes);
}

async function all<T>(answers: AsyncIterable<T>): Promise<readonly T[]> {
  const came: T[] = [];
  for await (const one of answers) came.push(one);
  return came;
}

export const clientCases: Readonly<Record<string, (context: CaseContext) => Promise<void>>> = {
  async empty_unary({ test }) {
    await test.emptyCall({});
  },
  large_unary: ({ test }) => largeUnary(test),
  client_compressed_unary: ({ compressing }) => largeUnary(compressing),
  client_streaming: ({ test }) => clientStreaming(test),
  client_compressed_streaming: ({ compressing }) => clientStreaming(compressing),
  server_streaming: ({ test }) => serverStreaming(test),
  // A Go server compresses its answers where its client has compressed its requests.
  server_compressed_unary: ({ compressing }) => largeUnary(compressing),
  server_compressed_streaming: ({ compressing }) => serverStreaming(compressing),
  async ping_pong({ test }) {
    const next = responseSizes.map(() => Promise.withResolvers<void>());
    async function* requests() {
      for (const [index, size] of requestSizes.entries()) {
        yield { responseParameters: [{ size: responseSizes[index] ?? 0 }], ...payloadOf(size) };
        await next[index]?.promise;
      }
    }
    let came = 0;
    for await (const { payload } of test.fullDuplexCall(requests())) {
      assert.equal(payload?.body.length, responseSizes[came]);
      next[came++]?.resolve();
    }
    assert.equal(came, responseSizes.length);
  },
  async empty_stream({ test }) {
    assert.deepEqual(await all(test.fullDuplexCall((async function* () {})())), []);
  },
  async timeout_on_sleeping_server({ test }) {
    async function* requests() {
      yield payloadOf(27_182);
      await new Promise(() => {});
    }
    const error = await failureOf(all(test.fullDuplexCall(requests(), { timeoutMs: 1 })));
    assert.equal(error.code, Code.DeadlineExceeded);
  },
  async cancel_after_begin({ test }) {
    const controller = new AbortController();
    async function* requests() {
      await turn();
      controller.abort();
      await new Promise(() => {});
      yield {};
    }
    const call = test.streamingInputCall(requests(), { signal: controller.signal });
    assert.equal((await failureOf(call)).code, Code.Canceled);
  },
  async cancel_after_first_response({ test }) {
    const controller = new AbortController();
    async function* requests() {
      yield { responseParameters: [{ size: 31_415 }], ...payloadOf(27_182) };
      await new Promise(() => {});
    }
    const answers = test.fullDuplexCall(requests(), { signal: controller.signal })[Symbol.asyncIterator]();
    const first = await answers.next();
    assert.ok(first.done !== true && first.value.payload?.body.length === 31_415);
    controller.abort();
    assert.equal((await failureOf(answers.next())).code, Code.Canceled);
  },
  async custom_metadata({ test }) {
    const bytes = Uint8Array.of(0x0a, 0x0b, 0x0a, 0x0b, 0x0a, 0x0b);
    const seen: Record<string, string | null> = {};
    const options = {
      headers: {
        [initialKey]: "test_initial_metadata_value",
        [trailingKey]: encodeBinaryHeader(bytes),
      },
      onHeader: (headers: Headers) => void (seen["initial"] = headers.get(initialKey)),
      onTrailer: (trailers: Headers) => void (seen["trailing"] = trailers.get(trailingKey)),
    };
    const check = (): void => {
      assert.equal(seen["initial"], "test_initial_metadata_value");
      assert.deepEqual(new Uint8Array(decodeBinaryHeader(seen["trailing"] ?? "")), bytes);
      for (const name of Object.keys(seen)) delete seen[name];
    };
    await test.unaryCall({ responseSize: 1, ...payloadOf(1) }, options);
    check();
    async function* requests() {
      yield { responseParameters: [{ size: 1 }], ...payloadOf(1) };
    }
    assert.equal((await all(test.fullDuplexCall(requests(), options))).length, 1);
    check();
  },
  async status_code_and_message({ test }) {
    const responseStatus = { code: Code.Unknown, message: "test status message" };
    async function* requests() {
      yield { responseStatus };
    }
    for (const call of [
      () => test.unaryCall({ responseStatus }),
      () => all(test.fullDuplexCall(requests())),
    ]) {
      const { code, rawMessage } = await failureOf(call());
      assert.deepEqual({ code, message: rawMessage }, responseStatus);
    }
  },
  async special_status_message({ test }) {
    const message = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
    const error = await failureOf(test.unaryCall({ responseStatus: { code: Code.Unknown, message } }));
    assert.deepEqual([error.code, error.rawMessage], [Code.Unknown, message]);
  },
  async unimplemented_method({ test }) {
    assert.equal((await failureOf(test.unimplementedCall({}))).code, Code.Unimplemented);
  },
  async unimplemented_service({ unimplemented }) {
    assert.equal((await failureOf(unimplemented.unimplementedCall({}))).code, Code.Unimplemented);
  },
  async concurrent_large_unary({ test }) {
    await Promise.all(Array.from({ length: parallelCalls }, () => largeUnary(test)));
  },
  async rpc_soak({ test }) {
    for (let iteration = 0; iteration < soakIterations; iteration++) await largeUnary(test);
  },
  async channel_soak({ reconnect }) {
    for (let iteration = 0; iteration < soakIterations; iteration++) {
      const { test, close } = reconnect();
      await largeUnary(test);
      await close();
    }
  },
};
