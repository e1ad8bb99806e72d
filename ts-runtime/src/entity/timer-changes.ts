// From what an effect says about timers to what the journal writes: the entity's own commands, with its id as the key.
import { toBinary } from "@bufbuild/protobuf";
import type { DescMethodUnary, DescService } from "@bufbuild/protobuf";
import type { TimerChange } from "../journal/index.ts";
import type { EntityCommand } from "./entity.ts";
import type { TimerIntent } from "./timer-intent.ts";
import { toMessage } from "./to-message.ts";

/** Whose timers they are. */
export interface TimerOwner {
  readonly name: string;
  readonly service: DescService;
  readonly commands: ReadonlyMap<string, EntityCommand>;
}

const none: readonly TimerChange[] = [];

/**
 * The changes of an effect; of several with one name the last one counts.
 * @throws TypeError for a command of another service or without side effects, for a request that does not fit, and for
 *   one with the key of another entity.
 */
export function timerChanges(
  owner: TimerOwner,
  entityId: string,
  intents: readonly TimerIntent<DescMethodUnary>[],
): readonly TimerChange[] {
  if (intents.length === 0) return none;
  const changes = new Map<string, TimerChange>();
  for (const intent of intents) {
    const { name } = intent;
    changes.set(name, intent.type === "cancel" ? intent : change(owner, entityId, intent));
  }
  return [...changes.values()];
}

function change(
  owner: TimerOwner,
  entityId: string,
  { name, due, command: method, request }: Extract<TimerIntent<DescMethodUnary>, { type: "schedule" }>,
): TimerChange {
  const timer = `Timer "${name}" of entity ${owner.name}`;
  const command = owner.commands.get(method.localName);
  if (command === undefined || method.parent.typeName !== owner.service.typeName) {
    throw new TypeError(
      `${timer} must run a command of ${owner.service.typeName}: ${method.parent.typeName}.${method.name} is none`,
    );
  }
  if (command.readOnly) {
    throw new TypeError(
      `${timer} must run a command that may change something: ${owner.service.typeName}.${method.name} is NO_SIDE_EFFECTS`,
    );
  }
  const key = command.key.localName;
  const given = (request as Readonly<Record<string, unknown>>)[key] ?? "";
  if (given !== "" && given !== entityId) {
    throw new TypeError(
      `${timer} must run on its own entity, "${entityId}": ${key} of its request is ${JSON.stringify(given)}`,
    );
  }
  const message = toMessage(command.method.input, { ...request, [key]: entityId });
  return {
    type: "schedule",
    name,
    due,
    command: method.name,
    request: toBinary(command.method.input, message),
  };
}
