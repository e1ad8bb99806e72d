// A command that forgets: its events are appended, and what was before them is rewritten, in one transaction.
//
// Invariants:
//   W1. The reply is made from the state that is left, as whoever reads the entity from now on folds it.
//   W2. The state in memory was made from what is forgotten, so it goes, whatever the outcome.
import { toBinary, type Message } from "@bufbuild/protobuf";
import type { Append, AppendResult, FiredTimer, Journal, Rewriting } from "../journal/index.ts";
import type { Decision, Entity, EntityCommand } from "./entity.ts";
import type { LiveEntity } from "./live-entity.ts";

export interface PastToForget {
  readonly entity: Entity;
  readonly journal: Journal;
  readonly live: LiveEntity;
  readonly command: EntityCommand;
  readonly commandId: string | undefined;
  /** The timer that the command comes from. */
  readonly firedBy: FiredTimer | undefined;
  readonly decision: Decision;
  readonly tells: Append["tells"];
  /** Of the events. */
  readonly metadata: Append["metadata"];
  /** Of the state that the decision rests on. */
  readonly revision: bigint;
}

/** What became of it; where it was done, with the reply. */
export type Forgotten =
  | { readonly type: "forgotten"; readonly reply: Message; readonly revision: bigint }
  | Exclude<AppendResult, { readonly type: "appended" }>;

/** Forgets an entity's past. */
export async function forgetPast(past: PastToForget): Promise<Forgotten> {
  const { entity, journal, live, command, commandId, firedBy, decision, revision, tells, metadata } = past;
  const { remains } = entity;
  if (remains === undefined) throw new TypeError(`Entity ${entity.name} does not forget`);
  const payloads = decision.events.map((event) => toBinary(entity.event, event));
  let reply: Message | undefined;

  const rewrite = (): Rewriting => {
    let state = live.initialState();
    const fold = (payload: Uint8Array): Uint8Array => {
      state = live.evolve(state, payload);
      return payload;
    };
    return {
      event: remains === "nothing" ? "erase" : (payload) => fold(remains(payload)),
      reply() {
        for (const payload of payloads) fold(payload);
        reply = decision.reply(state);
        return toBinary(command.method.output, reply);
      },
    };
  };
  const result = await journal
    .forget({
      entityType: entity.name,
      entityId: live.entityId,
      expectedRevision: revision,
      events: payloads.map((payload) => ({ payload })),
      ...(commandId === undefined ? {} : { commandId }),
      ...(firedBy === undefined ? {} : { fires: firedBy }),
      tells,
      metadata,
      rewrite,
    })
    .finally(() => live.invalidate());
  if (result.type !== "appended") return result;
  if (reply === undefined) throw new Error("The journal forgot without asking what remains");
  return { type: "forgotten", reply, revision: result.revision };
}
