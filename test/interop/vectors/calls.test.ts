// errors.json and deadlines.json: how calls end.
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { findTrailerError, parseTimeout, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { errorDetail, reject } from "@samspel/runtime";
import t from "tap";
import { inheriting } from "../../../ts-runtime/src/client/inheriting.ts";
import {
  errorCodes,
  SamspelError,
  toConnectError,
  type ErrorCode,
} from "../../../ts-runtime/src/errors/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { readVectors } from "./read-vectors.ts";

type Wire = Readonly<Record<string, string>>;

interface ErrorVector {
  readonly reason: string;
  readonly code: Code;
  readonly message: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly metadata: Readonly<Record<string, string>>;
}

interface ErrorVectors {
  readonly vectors: readonly { readonly about: string; readonly error: ErrorVector; readonly wire: Wire }[];
  readonly unknown: { readonly wire: Wire };
  readonly received: readonly {
    readonly about: string;
    readonly wire: Wire;
    readonly code: Code;
    readonly message: string;
    readonly error: Partial<ErrorVector> | null;
  }[];
}

const errors = readVectors("errors") as ErrorVectors;

/** What a caller reads of a status. */
function read(wire: Wire): ErrorVector | undefined {
  const error = findTrailerError(new Headers(wire));
  const detail = errorDetail(error);
  if (error === undefined || detail === undefined) return undefined;
  const { code: reason, retryable, retryAfter, metadata } = detail;
  return {
    reason,
    code: error.code,
    message: error.rawMessage,
    retryable,
    ...(retryAfter === undefined ? {} : { retryAfterMs: durationMs(retryAfter) }),
    metadata: { ...metadata },
  };
}

function isOurs(reason: string): reason is ErrorCode {
  return reason in errorCodes;
}

/** As a service would throw it: with a code of ours, or refused with a reason of its own. */
function thrown({ reason, code, message, retryable, retryAfterMs, metadata }: ErrorVector): Error {
  const options = {
    retryable,
    metadata,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return isOurs(reason)
    ? new SamspelError(reason, message, { ...options, grpc: code })
    : reject(code, message, { ...options, reason });
}

function written(error: unknown): Wire {
  const trailer = new Headers();
  setTrailerStatus(trailer, toConnectError(error));
  return Object.fromEntries(trailer);
}

t.test("errors.json holds what is on the wire of an error, and what is read of it", async (t) => {
  t.ok(errors.vectors.length > 3);
  for (const { about, error, wire } of errors.vectors) {
    t.same(read(wire), error, `${about}: read`);
    t.same(read(written(thrown(error))), error, `${about}: written and read`);
    t.equal(
      decodeURIComponent(written(thrown(error))["grpc-message"] ?? ""),
      error.message,
      `${about}: message`,
    );
  }
  const unknown = written(new Error("secret"));
  t.same(
    { ...unknown, "grpc-message": decodeURIComponent(unknown["grpc-message"] ?? "") },
    errors.unknown.wire,
    "unknown errors",
  );
});

t.test("errors.json holds what is read of the statuses of others", async (t) => {
  for (const { about, wire, code, message, error } of errors.received) {
    const found = findTrailerError(new Headers(wire));
    t.match(found, { code, rawMessage: message }, about);
    if (error === null) t.equal(read(wire), undefined, about);
    else t.match(read(wire), error, about);
  }
});

interface DeadlineVectors {
  readonly timeouts: readonly { readonly text: string; readonly ms: number | null }[];
  readonly inherited: readonly {
    readonly about: string;
    readonly incomingLeftMs: number | null;
    readonly ownMs: number | null;
    readonly effectiveMs: number;
  }[];
}

/** What `createClients` gives a call that says nothing. */
const defaultTimeoutMs = 10_000;

t.test("deadlines.json holds what a grpc-timeout says, and what calls within a call inherit", async (t) => {
  const { timeouts, inherited } = readVectors("deadlines") as DeadlineVectors;
  for (const { text, ms } of timeouts)
    t.equal(parseTimeout(text, Number.MAX_SAFE_INTEGER).timeoutMs ?? null, ms, text);
  for (const { about, incomingLeftMs, ownMs, effectiveMs } of inherited) {
    let asked: number | undefined;
    const transport: Pick<Transport, "unary"> = {
      async unary(_method, _signal, timeoutMs) {
        asked = timeoutMs;
        throw new ConnectError("asked");
      },
    };
    const within = inheriting(
      { ...transport, stream: () => Promise.reject(new Error("no stream")) },
      {
        signal: new AbortController().signal,
        timeoutMs: () => incomingLeftMs ?? undefined,
        requestHeader: new Headers(),
      },
    );
    await t.rejects(
      within.unary(EchoService.method.echo, undefined, ownMs ?? undefined, undefined, {}, undefined),
    );
    t.equal(asked ?? defaultTimeoutMs, effectiveMs, about);
  }
});
