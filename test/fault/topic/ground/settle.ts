// The end of a trial: all three books must balance.
import { fromBinary } from "@bufbuild/protobuf";
import type { Test } from "tap";
import { CounterChangedSchema } from "../../../gen/samspel/test/v1/counter_pb.ts";
import { until } from "../../../support/until.ts";
import { audit, firsts, type Book } from "./books.ts";
import { query, streamed, type Pipeline } from "./pipeline.ts";
import type { Writer } from "./writer.ts";

/** Each trial is over so many changes at least. */
const changesOfTrial = 8_000;

export interface SettleOptions {
  /** Changes that must not be noted by the sink, as `counter/value`. */
  readonly notNoted?: ReadonlySet<string>;
  /** Whether the stream may hold a message twice: where it was published again behind the duplicate window. */
  readonly streamedTwice?: boolean;
  readonly catchUpMs?: number;
}

/** Writes what is lacking of a trial's changes, waits until all has come, and audits the books. */
export async function settle(
  t: Test,
  pipeline: Pipeline,
  writer: Writer,
  { notNoted = new Set(), streamedTwice = false, catchUpMs = 120_000 }: SettleOptions = {},
): Promise<void> {
  await writer.finish(changesOfTrial);
  const { schemas } = pipeline;
  const arrived = async (schema: string, table: "noted" | "projected", expected: number): Promise<void> => {
    let last = 0;
    await until(
      `${expected} changes are ${table}`,
      async () => (last = await countOf(pipeline, schema, table)) >= expected,
      catchUpMs,
    ).catch((error: unknown) => {
      t.fail(`${String(error)}: ${last} are`);
      for (const { process } of [...pipeline.sources, ...pipeline.sinks]) {
        t.comment(`${process.name}:\n${process.lastLines.map(({ text }) => text.slice(0, 400)).join("\n")}`);
      }
    });
  };
  await arrived(schemas.source, "projected", writer.count);
  await arrived(schemas.sink, "noted", writer.count - notNoted.size);
  const { written } = writer;
  const stream = streamBook(await streamed(pipeline));
  t.same(
    head(audit("stream", streamedTwice ? firsts(stream) : stream, written)),
    [],
    "the topic holds each change, in order",
  );
  t.same(
    head(audit("projected", await tableBook(pipeline, schemas.source, "projected"), written)),
    [],
    "each change is projected once, in order",
  );
  t.same(
    head(audit("noted", await tableBook(pipeline, schemas.sink, "noted"), written, notNoted)),
    [],
    "each change is noted once, in order",
  );
  t.comment(`${writer.count} changes of ${written.size} counters`);
}

export function countOf(pipeline: Pipeline, schema: string, table: "noted" | "projected"): Promise<number> {
  return query(pipeline, schema, async (sql) => {
    const [row] = await sql<{ count: number }[]>`select count(*)::int as count from ${sql(table)}`;
    return row?.count ?? 0;
  });
}

function tableBook(pipeline: Pipeline, schema: string, table: "noted" | "projected"): Promise<Book> {
  return query(pipeline, schema, async (sql) => {
    const rows = await sql<{ id: string; value: number }[]>`
      select counter_id as id, value::int from ${sql(table)} order by at`;
    return bookOf(rows);
  });
}

function streamBook(bodies: readonly Uint8Array[]): Book {
  return bookOf(
    bodies.map((body) => {
      const { counterId: id, value } = fromBinary(CounterChangedSchema, body);
      return { id, value: Number(value) };
    }),
  );
}

function bookOf(rows: readonly { readonly id: string; readonly value: number }[]): Book {
  const book = new Map<string, number[]>();
  for (const { id, value } of rows) {
    const values = book.get(id);
    if (values === undefined) book.set(id, [value]);
    else values.push(value);
  }
  return book;
}

/** Enough to see what is wrong. */
function head(findings: readonly string[]): readonly string[] {
  return findings.length <= 10 ? findings : [...findings.slice(0, 10), `and ${findings.length - 10} more`];
}
