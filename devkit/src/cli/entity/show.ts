// `samspel entity show`.
import { toJsonString } from "@bufbuild/protobuf";
import { GetStateResponseSchema } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { entityIdOf, numberOf } from "./entity-id.ts";
import type { ShowOptions } from "./index.ts";
import type { EntityTools } from "./run.ts";

export async function show(
  { keeperOf, printer, json }: EntityTools,
  text: string,
  { at }: ShowOptions,
): Promise<number> {
  const { type: entityType, id: entityId } = entityIdOf(text);
  const { inspector } = keeperOf(entityType);
  const revision = at === undefined ? {} : { revision: BigInt(numberOf("--at", at)) };
  const answer = await inspector.getState({ entityType, entityId, ...revision });
  if (answer.revision === 0n && at !== "0") {
    console.error(`${text} has no events`);
    return 1;
  }
  if (json) printer.line(toJsonString(GetStateResponseSchema, answer, { alwaysEmitImplicit: true }));
  else {
    console.error(`${text} at revision ${answer.revision}`);
    printer.line(JSON.stringify(answer.state ?? {}, undefined, 2));
  }
  return 0;
}
