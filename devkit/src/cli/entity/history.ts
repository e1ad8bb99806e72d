// `samspel entity history`.
import { toJsonString } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { HistoryEntrySchema, type HistoryEntry } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { resolveColors, type Colors } from "../../report/index.ts";
import { entityIdOf, numberOf } from "./entity-id.ts";
import type { HistoryOptions } from "./index.ts";
import type { EntityTools } from "./run.ts";

const pageSize = 1_000;

export async function history(
  { keeperOf, printer, json }: EntityTools,
  text: string,
  options: HistoryOptions,
): Promise<number> {
  const { type: entityType, id: entityId } = entityIdOf(text);
  const { inspector } = keeperOf(entityType);
  const wanted = numberOf("--limit", options.limit);
  const colors = resolveColors(process.stdout);
  let left = wanted;
  let pageToken = "";
  do {
    const page = await inspector.getHistory({
      entityType,
      entityId,
      afterRevision: BigInt(numberOf("--after", options.after)),
      limit: Math.min(pageSize, left),
      pageToken,
      omitStates: !options.states,
    });
    for (const entry of page.entries) {
      if (json) printer.line(toJsonString(HistoryEntrySchema, entry));
      else for (const line of entryLines(entry, colors)) printer.line(line);
    }
    left -= page.entries.length;
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && left > 0);
  if (left === wanted) {
    console.error(`${text} has no events${options.after === "0" ? "" : ` after revision ${options.after}`}`);
    return 1;
  }
  if (pageToken !== "") console.error(`there are more: --after ${Number(options.after) + wanted}`);
  return 0;
}

function entryLines(entry: HistoryEntry, colors: Colors): readonly string[] {
  const { revision, recordedAt, events, erased, unknown, state, problem } = entry;
  const at = recordedAt === undefined ? "" : timestampDate(recordedAt).toISOString();
  const head = `${colors.bold(String(revision).padStart(4))}  ${colors.dim(at)}`;
  const what = events.map(
    ({ case: kind, value }) =>
      `${head}  ${colors.cyan(kind)} ${value === undefined ? "" : JSON.stringify(value)}`,
  );
  if (erased) what.push(`${head}  ${colors.yellow("erased")}`);
  if (unknown !== undefined)
    what.push(`${head}  ${colors.red(`an unknown event, field ${unknown.fieldNumber}`)}`);
  if (what.length === 0) what.push(head);
  const after = state === undefined ? [] : [colors.dim(`      → ${JSON.stringify(state)}`)];
  return [...what, ...(problem === "" ? [] : [colors.red(`      ${problem}`)]), ...after];
}
