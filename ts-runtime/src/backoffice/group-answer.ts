// How a group of a stream is, in the words of the backoffice: for topics and for tells.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { SamspelError } from "../errors/index.ts";
import {
  WorkState,
  type Lag,
  type WaitingMessageSchema,
  type WorkPartSchema,
} from "../gen/samspel/v1/backoffice_pb.ts";
import {
  countDeadLetters,
  groupState,
  type Broker,
  type GroupState,
  type PartitionState,
} from "../topic/index.ts";
import { lagAnswer, stateAnswer } from "./answers.ts";

export interface GroupAnswer {
  readonly state: WorkState;
  readonly lag?: Lag;
  readonly waiting: MessageInitShape<typeof WaitingMessageSchema>[];
  readonly deadLetters: bigint;
  readonly parts: MessageInitShape<typeof WorkPartSchema>[];
  readonly members: string[];
}

export interface GroupQuestion {
  /** With the prefix. */
  readonly stream: string;
  readonly group: string;
  /** What its dead letters are filed under. */
  readonly name: string;
}

export async function groupAnswer(
  broker: Broker,
  { stream, group, name }: GroupQuestion,
): Promise<GroupAnswer> {
  const [state, deadLetters] = await Promise.all([
    groupState(broker, { stream, group }).catch(unlessUnknown),
    countDeadLetters(broker, { group, topic: name }),
  ]);
  const none = { waiting: [], deadLetters: BigInt(deadLetters), parts: [], members: [] };
  if (state === undefined) return { ...none, state: WorkState.NOT_STARTED };
  return {
    state: stateAnswer(state.paused),
    lag: lagAnswer({ count: state.pending, ageMs: state.lagSeconds * 1_000 }),
    waiting: waitingAnswers(state.partitions),
    deadLetters: BigInt(deadLetters),
    parts: partAnswers(state.partitions),
    members: state.members.map(({ name: service, host, pid }) => `${service} ${host}/${pid}`),
  };
}

/** The messages that failed and wait to be tried again. */
export function waitingAnswers(
  partitions: readonly PartitionState[],
): MessageInitShape<typeof WaitingMessageSchema>[] {
  return partitions.flatMap(({ waiting }) =>
    waiting.map(({ sequence, key, attempts, error }) => ({
      sequence: BigInt(sequence),
      key,
      attempts,
      error,
    })),
  );
}

export function partAnswers(
  partitions: readonly PartitionState[],
): MessageInitShape<typeof WorkPartSchema>[] {
  return partitions.map(({ partition, owner = "", position, pending, lagSeconds }) => ({
    number: partition,
    owner,
    position: String(position),
    lag: lagAnswer({ count: pending, ageMs: lagSeconds * 1_000 }),
  }));
}

/** A group that nobody ran yet, or whose stream is not there. */
function unlessUnknown(error: unknown): GroupState | undefined {
  if (error instanceof SamspelError && error.code === "SAMSPEL_NOT_FOUND") return undefined;
  throw error;
}
