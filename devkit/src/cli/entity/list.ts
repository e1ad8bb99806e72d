// `samspel entity ls`.
import { toJsonString } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  Count_Precision as Precision,
  EntitySummarySchema,
  EntityTypeSchema,
  type Count,
  type EntitySummary,
} from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { numberOf } from "./entity-id.ts";
import type { ListOptions } from "./index.ts";
import type { EntityTools } from "./run.ts";

const pageSize = 1_000;

export async function list(
  tools: EntityTools,
  type: string | undefined,
  options: ListOptions,
): Promise<number> {
  return type === undefined ? listTypes(tools) : listEntities(tools, type, options);
}

function listTypes({ keepers, printer, json }: EntityTools): number {
  const all = keepers.flatMap(({ service, types }) => types.map((type) => ({ service, type })));
  if (json) {
    for (const { service, type } of all) {
      const text = toJsonString(EntityTypeSchema, type, { alwaysEmitImplicit: true });
      printer.line(`{"keeper":${JSON.stringify(service)},${text.slice(1)}`);
    }
    return 0;
  }
  printer.table(
    ["type", "service", "entities", "events", "commands"],
    all.map(({ service, type }) => [
      type.name,
      service,
      countText(type.entities),
      countText(type.events),
      type.commands.map(({ name }) => name).join(", "),
    ]),
    "no service shows entities; in production that takes SAMSPEL_INSPECTION=true",
  );
  return 0;
}

async function listEntities(
  { keeperOf, printer, json }: EntityTools,
  entityType: string,
  { prefix: idPrefix, limit }: ListOptions,
): Promise<number> {
  const { inspector } = keeperOf(entityType);
  const wanted = numberOf("--limit", limit);
  const found: EntitySummary[] = [];
  let pageToken = "";
  do {
    const page = await inspector.listEntities({
      entityType,
      idPrefix,
      limit: Math.min(pageSize, wanted - found.length),
      pageToken,
    });
    found.push(...page.entities);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && found.length < wanted);
  if (json) {
    for (const entity of found) printer.line(toJsonString(EntitySummarySchema, entity));
    return 0;
  }
  printer.table(
    ["entity", "revision", "last event"],
    found.map(({ entityId, revision, lastEventTime }) => [
      `${entityType}/${entityId}`,
      String(revision),
      lastEventTime === undefined ? "–" : timestampDate(lastEventTime).toISOString(),
    ]),
    idPrefix === ""
      ? `no ${entityType} has events`
      : `no ${entityType} whose id begins with ${idPrefix} has events`,
  );
  if (pageToken !== "") printer.line(`there are more: --limit ${wanted * 10}, or --prefix`);
  return 0;
}

function countText(count: Count | undefined): string {
  if (count === undefined) return "–";
  const { value, precision } = count;
  if (precision === Precision.ESTIMATED) return `about ${value}`;
  return precision === Precision.AT_LEAST ? `${value} or more` : String(value);
}
