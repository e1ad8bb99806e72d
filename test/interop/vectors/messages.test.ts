// headers.json and trace.json: what is said beside a message's body.
import { headers, type MsgHdrs } from "nats";
import t from "tap";
import { tracePassedOn } from "../../../ts-runtime/src/telemetry/index.ts";
import { deadLetterHeaders } from "../../../ts-runtime/src/topic/dead-letter.ts";
import { encodeValue, headerLines, makeHeaders, readHeaders } from "../../../ts-runtime/src/topic/index.ts";
import { readVectors } from "./read-vectors.ts";

type Values = Readonly<Record<string, string>>;

interface HeaderVectors {
  readonly values: readonly { readonly value: string; readonly encoded: string }[];
  readonly decoded: readonly { readonly value: string; readonly encoded: string }[];
  readonly event: {
    readonly service: string;
    readonly type: string;
    readonly id: string;
    readonly key: string;
    readonly time: string;
    readonly headers: Values;
  };
  readonly message: Values;
  readonly received: Values;
  readonly deadLetter: {
    readonly group: string;
    readonly stream: string;
    readonly sequence: number;
    readonly subject: string;
    readonly attempts: number;
    readonly error: string;
    readonly headers: Values;
  };
}

const vectors = readVectors("headers") as HeaderVectors;

function asHeaders(values: Values): MsgHdrs {
  const result = headers();
  for (const [name, value] of Object.entries(values)) result.append(name, value);
  return result;
}

function asValues(given: MsgHdrs): Values {
  return Object.fromEntries([...given].map(([name, [value = ""]]) => [name, value]));
}

t.test("headers.json holds how values travel", async (t) => {
  t.ok(vectors.values.length > 5);
  for (const { value, encoded } of vectors.values) {
    t.equal(encodeValue(value), encoded, JSON.stringify(value));
    t.equal(readHeaders(asHeaders({ x: encoded })).get("x"), value, JSON.stringify(encoded));
  }
  for (const { value, encoded } of vectors.decoded)
    t.equal(readHeaders(asHeaders({ x: encoded })).get("x"), value, JSON.stringify(encoded));
});

t.test("headers.json holds all headers of a message, and what its handler gets", async (t) => {
  const { headers: own, time, ...attributes } = vectors.event;
  const made = makeHeaders({ ...attributes, time: new Date(time) }, own);
  t.same(asValues(made), vectors.message);
  const lines = headerLines({ ...attributes, time: new Date(time) }, own)
    .trimEnd()
    .split("\r\n");
  t.same(
    Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]),
    ),
    vectors.message,
    "also as lines",
  );
  t.same(Object.fromEntries(readHeaders(asHeaders(vectors.message))), vectors.received);
});

t.test("headers.json holds what is stored of a message that is a dead letter", async (t) => {
  const { group, stream, sequence, subject, attempts, error, headers: expected } = vectors.deadLetter;
  const found = asValues(
    deadLetterHeaders({
      group,
      topic: "cart.v1.CartTopics.CheckedOut",
      attempts,
      error,
      history: [],
      message: { stream, sequence, subject, data: new Uint8Array(), rawHeaders: asHeaders(vectors.message) },
    }),
  );
  t.match(found, expected);
  t.same(
    Object.keys(found).filter((name) => !(name in expected)),
    ["Samspel-History"],
    "and what may be missing",
  );
});

t.test("trace.json holds what of a request's trace is passed on", async (t) => {
  const { vectors } = readVectors("trace") as {
    readonly vectors: readonly {
      readonly about: string;
      readonly incoming: Values;
      readonly passedOn: Values;
    }[];
  };
  t.ok(vectors.length > 5);
  for (const { about, incoming, passedOn } of vectors)
    t.same(tracePassedOn(new Headers(incoming)), passedOn, about);
});
