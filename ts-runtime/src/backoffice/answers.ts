// How facts of the parts are said in answers.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { LagSchema, WorkState, type Lag } from "../gen/samspel/v1/backoffice_pb.ts";

export function lagAnswer(lag: {
  readonly count: number;
  readonly estimated?: boolean;
  /** The age of the oldest that is still to come, in milliseconds; meaningless where there is none. */
  readonly ageMs: number | undefined;
}): Lag {
  const { count, estimated = false, ageMs } = lag;
  const init: MessageInitShape<typeof LagSchema> = { count: BigInt(count), estimated };
  if (count > 0 && ageMs !== undefined) init.age = durationFromMs(Math.round(ageMs));
  return create(LagSchema, init);
}

export function stateAnswer(paused: boolean): WorkState {
  return paused ? WorkState.PAUSED : WorkState.RUNNING;
}
