// The specimen: an entity with a field of each kind, whose handlers a test makes wrong in one way.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { defineEntity, persist, type Entity } from "../../ts-runtime/src/entity/index.ts";
import {
  SpecimenEventSchema,
  SpecimenSchema,
  SpecimenService,
  type Found,
  type RecordRequest,
  type Specimen,
} from "../gen/samspel/test/v1/specimen_pb.ts";

export type SpecimenEntity = Entity<
  typeof SpecimenService,
  typeof SpecimenSchema,
  typeof SpecimenEventSchema
>;

/** Handlers that are wrong in some way. */
export interface Handlers {
  readonly record?: (state: Specimen, request: RecordRequest) => unknown;
  readonly found?: (state: Specimen, event: Found) => unknown;
  readonly lost?: (state: Specimen) => unknown;
}

/** A specimen's right handlers, but for those that are given; what is wrong in type as well comes by a cast. */
export function specimen(wrong: Handlers): SpecimenEntity {
  return defineEntity(
    SpecimenService,
    { name: "specimen", state: SpecimenSchema, event: SpecimenEventSchema },
    {
      commands: {
        record: (wrong.record ?? recordFinding) as () => object,
        getSpecimen: ({ finding }) => (finding === undefined ? {} : { finding }),
      },
      events: {
        found: (wrong.found ?? keepFinding) as () => object,
        lost: (wrong.lost ?? (() => ({}))) as () => object,
      },
    },
  );
}

/** An effect of whatever events, which the types of a right handler would refuse. */
export const persisting = (event: object, reply: (state: Specimen) => unknown = () => ({})): unknown =>
  persist(event as never).reply(reply as never);
const recordFinding = (_: Specimen, { finding }: RecordRequest): unknown =>
  persisting({ case: "found", value: { finding } }, ({ finding }) => ({
    weight: finding?.weight ?? 0,
    label: finding?.label ?? "",
  }));
export const keepFinding = (state: Specimen, { finding }: Found): MessageInitShape<typeof SpecimenSchema> =>
  finding === undefined
    ? state
    : {
        ...state,
        finding,
        counts: { ...state.counts, [finding.label]: countOf(state, finding.label) + 1 },
      };

/** A label may be "toString", which every object has. */
const countOf = ({ counts }: Specimen, label: string): number =>
  Object.hasOwn(counts, label) ? (counts[label] ?? 0) : 0;
