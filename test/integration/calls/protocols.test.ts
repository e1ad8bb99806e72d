// Every kind of method over every protocol and HTTP version, by Connect's own clients, curl and grpc-js.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import {
  createConnectTransport as createWebConnectTransport,
  createGrpcWebTransport as createWebGrpcWebTransport,
} from "@connectrpc/connect-web";
import grpc from "@grpc/grpc-js";
import t from "tap";
import { errorDetail } from "../../../ts-runtime/src/client/index.ts";
import {
  EchoManyRequestSchema,
  EchoManyResponseSchema,
  EchoRequestSchema,
  EchoResponseSchema,
  EchoService,
} from "../../gen/samspel/test/v1/echo_pb.ts";
import { startEcho } from "./echo-server.ts";

const run = promisify(execFile);

async function* say(...texts: string[]): AsyncGenerator<{ text: string }> {
  for (const text of texts) yield { text };
}

async function heard(answers: AsyncIterable<{ text: string }>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of answers) texts.push(text);
  return texts;
}

t.test("startRpcServer() speaks gRPC, gRPC-Web and Connect on one port", async (t) => {
  const { server } = await startEcho(t);
  const baseUrl = `http://127.0.0.1:${server.port}`;
  const transports: Record<string, { transport: Transport; bidi: boolean }> = {
    "gRPC over HTTP/2": { transport: createGrpcTransport({ baseUrl }), bidi: true },
    "gRPC-Web over HTTP/2": { transport: createGrpcWebTransport({ baseUrl, httpVersion: "2" }), bidi: true },
    "gRPC-Web over HTTP/1.1": {
      transport: createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
      bidi: false,
    },
    "Connect over HTTP/2": { transport: createConnectTransport({ baseUrl, httpVersion: "2" }), bidi: true },
    "Connect over HTTP/1.1": {
      transport: createConnectTransport({ baseUrl, httpVersion: "1.1" }),
      bidi: false,
    },
    "Connect in JSON by GET": {
      transport: createConnectTransport({
        baseUrl,
        httpVersion: "1.1",
        useBinaryFormat: false,
        useHttpGet: true,
      }),
      bidi: false,
    },
  };
  for (const [name, { transport, bidi }] of Object.entries(transports)) {
    const client = createClient(EchoService, transport);
    t.equal((await client.echo({ text: "hej" })).text, "hej", `${name}: unary`);
    t.same(await heard(client.echoMany({ text: "hej", count: 3 })), ["hej", "hej", "hej"], `${name}: server`);
    t.equal((await client.echoJoined(say("hej", "du"))).text, "hej du", `${name}: client`);
    if (bidi) t.same(await heard(client.echoEach(say("hej", "du"))), ["hej", "du"], `${name}: bidirectional`);
    const error = ConnectError.from(await client.echo({ text: "refuse" }).catch((error: unknown) => error));
    t.equal(error.code, Code.FailedPrecondition, `${name}: refusal`);
    t.match(errorDetail(error), { code: "SAMSPEL_REJECTED", retryable: false, metadata: { why: "test" } });
  }
});

t.test("clients of browsers, by fetch, get the same answers, errors and details as gRPC's", async (t) => {
  const { server } = await startEcho(t);
  const baseUrl = `http://127.0.0.1:${server.port}`;
  const transports: Record<string, Transport> = {
    gRPC: createGrpcTransport({ baseUrl }),
    "gRPC-Web": createWebGrpcWebTransport({ baseUrl }),
    "gRPC-Web in JSON": createWebGrpcWebTransport({ baseUrl, useBinaryFormat: false }),
    "Connect in JSON": createWebConnectTransport({ baseUrl }),
    "Connect in protobuf": createWebConnectTransport({ baseUrl, useBinaryFormat: true }),
    "Connect by GET": createWebConnectTransport({ baseUrl, useHttpGet: true }),
  };
  const said: Record<string, unknown> = {};
  for (const [name, transport] of Object.entries(transports)) {
    const client = createClient(EchoService, transport);
    t.equal((await client.echo({ text: "hej" })).text, "hej", `${name}: unary`);
    t.same(await heard(client.echoMany({ text: "hej", count: 3 })), ["hej", "hej", "hej"], `${name}: server`);
    const calls = [
      client.echo({ text: "refuse" }),
      client.echo({ text: "fail" }),
      client.echoOnce({ text: "refuse" }),
      heard(client.echoMany({ text: "fail", count: 1 })),
      client.echo({ text: "wait" }, { timeoutMs: 50 }),
    ];
    const failures = await Promise.all(
      calls.map((call) =>
        call.then(
          () => undefined,
          (error: unknown) => ConnectError.from(error),
        ),
      ),
    );
    said[name] = failures.map((error) => {
      const detail = errorDetail(error);
      return {
        code: error?.code,
        // Who ends a call at its deadline, the client or the server, is a matter of luck.
        message: error?.code === Code.DeadlineExceeded ? "" : error?.rawMessage,
        reason: detail?.code,
        metadata: detail?.metadata,
      };
    });
  }
  t.match(said["gRPC"], [
    {
      code: Code.FailedPrecondition,
      message: "not today",
      reason: "SAMSPEL_REJECTED",
      metadata: { why: "test" },
    },
    { code: Code.Internal, message: "internal error", reason: undefined },
    { code: Code.FailedPrecondition, message: "not today" },
    { code: Code.Internal, message: "internal error" },
    { code: Code.DeadlineExceeded },
  ]);
  for (const [name, failures] of Object.entries(said)) t.same(failures, said["gRPC"], name);
});

t.test("fetch alone reads an error and its detail as JSON", async (t) => {
  const { server } = await startEcho(t);
  const answer = await fetch(`http://127.0.0.1:${server.port}/samspel.test.v1.EchoService/Echo`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: "refuse" }),
  });
  t.equal(answer.status, 400);
  t.match(await answer.json(), {
    code: "failed_precondition",
    message: "not today",
    details: [
      {
        type: "samspel.v1.ErrorDetail",
        debug: { code: "SAMSPEL_REJECTED", metadata: { why: "test" } },
      },
    ],
  });
});

t.test("startRpcServer() answers JSON by curl over both versions of HTTP", async (t) => {
  const { server } = await startEcho(t);
  const curl = async (method: string, body: string, ...options: string[]): Promise<unknown> => {
    const url = `http://127.0.0.1:${server.port}/samspel.test.v1.EchoService/${method}`;
    const json = ["-H", "content-type: application/json"];
    const { stdout } = await run("curl", ["-sS", "-m", "5", ...json, ...options, "-d", body, url]);
    return JSON.parse(stdout);
  };
  for (const version of ["--http1.1", "--http2-prior-knowledge"]) {
    t.same(await curl("Echo", `{"text":"hej"}`, version), { text: "hej" });
    t.match(await curl("Echo", `{"text":"refuse"}`, version), {
      code: "failed_precondition",
      message: "not today",
    });
    t.match(await curl("Ekho", `{}`, version), { code: "unimplemented" });
  }
});

t.test("startRpcServer() outlives a request without an authority", async (t) => {
  const { server } = await startEcho(t);
  const url = `http://127.0.0.1:${server.port}/samspel.test.v1.EchoService/Echo`;
  const status = ["-sS", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}"];
  const bare = await run("curl", [...status, "--http1.0", "-H", "Host:", "-d", "{}", url]);
  t.equal(bare.stdout, "400");
  const odd = await run("curl", [...status, "-H", "Host: a b", "-d", "{}", url]);
  t.equal(odd.stdout, "400");
});

t.test("startRpcServer() serves grpc-js from a static definition", async (t) => {
  const { server } = await startEcho(t);
  const { echo, echoMany } = EchoService.method;
  const Client = grpc.makeGenericClientConstructor(
    {
      echo: {
        path: `/${echo.parent.typeName}/${echo.name}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: (text: string) =>
          Buffer.from(toBinary(EchoRequestSchema, create(EchoRequestSchema, { text }))),
        requestDeserialize: (bytes: Buffer) => fromBinary(EchoRequestSchema, bytes).text,
        responseSerialize: (text: string) =>
          Buffer.from(toBinary(EchoResponseSchema, create(EchoResponseSchema, { text }))),
        responseDeserialize: (bytes: Buffer) => fromBinary(EchoResponseSchema, bytes).text,
      },
      echoMany: {
        path: `/${echoMany.parent.typeName}/${echoMany.name}`,
        requestStream: false,
        responseStream: true,
        requestSerialize: (text: string) =>
          Buffer.from(toBinary(EchoManyRequestSchema, create(EchoManyRequestSchema, { text, count: 2 }))),
        requestDeserialize: (bytes: Buffer) => fromBinary(EchoManyRequestSchema, bytes).text,
        responseSerialize: (text: string) =>
          Buffer.from(toBinary(EchoManyResponseSchema, create(EchoManyResponseSchema, { text }))),
        responseDeserialize: (bytes: Buffer) => fromBinary(EchoManyResponseSchema, bytes).text,
      },
    },
    "Echo",
  );
  const client = new Client(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
  t.teardown(() => client.close());
  const ask = (text: string): Promise<unknown> =>
    new Promise((resolve) => {
      client["echo"]?.(text, (error: grpc.ServiceError | null, answer: string) => resolve(error ?? answer));
    });

  t.equal(await ask("hej"), "hej");
  t.match(await ask("refuse"), { code: grpc.status.FAILED_PRECONDITION, details: "not today" });
  const answers: unknown[] = [];
  for await (const answer of client["echoMany"]?.("hej") ?? []) answers.push(answer);
  t.same(answers, ["hej", "hej"]);
});
