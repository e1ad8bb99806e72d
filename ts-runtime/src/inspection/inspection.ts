// samspel.v1.InspectionService: a look into a service's entities and policies for people and tools.
//
// Invariants:
//   I1. It only reads: each answer is one read-only transaction, and no entity is loaded into memory.
//   I2. Each answer is bounded: pages have limits, statements a timeout, and work ends when the caller has gone.
//   I3. What this version of the service cannot read is shown as what it is, and hides nothing beside it.
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { Entity } from "../entity/index.ts";
import { SamspelError } from "../errors/index.ts";
import { InspectionService } from "../gen/samspel/v1/inspection_pb.ts";
import { look, type JournalView } from "../journal/index.ts";
import type { OpenPolicies } from "../policy/index.ts";
import type { Database } from "../postgres/index.ts";
import { limitOf, pageToken, refuse, tokenText } from "../request/index.ts";
import { bind, type ServiceBinding } from "../service/index.ts";
import { describeType } from "./describe-type.ts";
import { createJsonWriter, type JsonWriter } from "./json-writer.ts";
import { policiesAnswer } from "./policies-answer.ts";
import { readHistory } from "./read-history.ts";
import { requireId, requirePrefix, requireRevision, tokenRevision } from "./request.ts";
import { stateAt } from "./state-at.ts";

export interface InspectionOptions {
  readonly entities: readonly Entity[];
  /** May be absent where there are no entities. */
  readonly database: Database | undefined;
  /** What is in force. Default: none are told. */
  readonly policies?: Pick<OpenPolicies, "inspect" | "refused">;
  /** How long one statement may take. Default 5,000 ms. */
  readonly statementTimeoutMs?: number;
}

interface Inspected {
  readonly entity: Entity;
  readonly toJson: JsonWriter;
}

/** Makes the inspection of a service's entities, to be served beside its own proto services. */
export function createInspection(options: InspectionOptions): ServiceBinding {
  const { database, statementTimeoutMs = 5_000 } = options;
  const types: readonly Inspected[] = options.entities
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((entity) => ({ entity, toJson: createJsonWriter(entity) }));

  const typeNamed = (name: string): Inspected => {
    const found = types.find(({ entity }) => entity.name === name);
    if (found !== undefined) return found;
    const names = types.map(({ entity }) => entity.name).join(", ");
    throw refuse("entity_type", names === "" ? "of a service that has entities" : `one of ${names}`, name);
  };
  const see = <T>(work: (view: JournalView) => Promise<T>): Promise<T> => {
    if (database === undefined) throw new Error("There is no database to look into");
    return look(database, statementTimeoutMs, work);
  };

  return bind(InspectionService, {
    async listEntityTypes(_, { signal }) {
      if (types.length === 0) return {};
      const entityTypes = await see(async (view) => {
        const described: Awaited<ReturnType<typeof describeType>>[] = [];
        for (const { entity } of types) {
          signal.throwIfAborted();
          described.push(await describeType(view, entity));
        }
        return described;
      });
      return { entityTypes };
    },

    async listEntities(request) {
      const { entity } = typeNamed(request.entityType);
      const limit = limitOf(request.limit);
      const idPrefix = requirePrefix(request.idPrefix);
      const afterId = tokenText(request.pageToken);
      // One more than asked for tells whether there is another page.
      const found = await see((view) =>
        view.listEntities({ entityType: entity.name, idPrefix, afterId, limit: limit + 1 }),
      );
      const entities = found.slice(0, limit).map(({ entityId, revision, recordedAt }) => ({
        entityId,
        revision,
        lastEventTime: timestampFromDate(recordedAt),
      }));
      const last = found.length > limit ? entities.at(-1) : undefined;
      return { entities, nextPageToken: last === undefined ? "" : pageToken(last.entityId) };
    },

    async getHistory(request, { signal }) {
      const type = typeNamed(request.entityType);
      const entityId = requireId(request.entityId);
      const limit = limitOf(request.limit);
      const after =
        request.pageToken === ""
          ? requireRevision("after_revision", request.afterRevision)
          : tokenRevision(request.pageToken);
      const found = await see((view) =>
        readHistory(view, type, {
          entityId,
          after,
          limit: limit + 1,
          withStates: !request.omitStates,
          signal,
        }),
      );
      const more = found.length > limit;
      return {
        entries: found.slice(0, limit),
        nextPageToken: more ? pageToken(String(after + BigInt(limit))) : "",
      };
    },

    async getState(request, { signal }) {
      const { entity, toJson } = typeNamed(request.entityType);
      const entityId = requireId(request.entityId);
      const upTo = request.revision;
      if (upTo !== undefined) requireRevision("revision", upTo);
      const { revision, state, snapshotRevision } = await see((view) =>
        stateAt(view, entity, { entityId, signal, ...(upTo === undefined ? {} : { upTo }) }),
      );
      if (upTo !== undefined && upTo > revision) {
        throw new SamspelError(
          "SAMSPEL_INVALID_REQUEST",
          `${entity.name} "${entityId}" has no revision ${upTo}: its newest is ${revision}`,
          { grpc: Code.NotFound, metadata: { field: "revision", newest: String(revision) } },
        );
      }
      return { revision, state: toJson(entity.state, state), snapshotRevision };
    },

    getPolicies: ({ protoService }) =>
      options.policies === undefined ? {} : policiesAnswer(options.policies, protoService),
  });
}
