// What an entity type is, and how much of it there is.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Entity } from "../entity/index.ts";
import { Count_Precision as Precision, type EntityTypeSchema } from "../gen/samspel/v1/inspection_pb.ts";
import type { Count, JournalView } from "../journal/index.ts";

const precisions: Readonly<Record<Count["precision"], Precision>> = {
  exact: Precision.EXACT,
  estimated: Precision.ESTIMATED,
  "at least": Precision.AT_LEAST,
};

export async function describeType(
  view: JournalView,
  entity: Entity,
): Promise<MessageInitShape<typeof EntityTypeSchema>> {
  return {
    name: entity.name,
    service: entity.service.typeName,
    stateType: entity.state.typeName,
    eventType: entity.event.typeName,
    eventCases: entity.event.fields.map(({ jsonName }) => jsonName),
    commands: [...entity.commands.values()].map(({ method, readOnly }) => ({
      name: method.name,
      requestType: method.input.typeName,
      readOnly,
    })),
    entities: countMessage(await view.countEntities(entity.name)),
    events: countMessage(await view.countEvents(entity.name)),
  };
}

function countMessage({ value, precision }: Count): { value: bigint; precision: Precision } {
  return { value: BigInt(value), precision: precisions[precision] };
}
