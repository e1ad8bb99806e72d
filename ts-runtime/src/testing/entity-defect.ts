// What the kit finds wrong with an entity, as an error that any test runner shows.

/** Which rule of an entity is broken. */
export type Check =
  /** A handler threw what is no rejection, or returned what is no answer. */
  | "handler"
  /** An event handler gave two results for one state and one event (J8). */
  | "pure"
  /** A handler changed what it was given (J8). */
  | "immutable"
  /** A message does not come back from its bytes as it was (J6). */
  | "serialisation"
  /** A state that was read from a snapshot leads to another one than the state that it was taken of (J5). */
  | "snapshot"
  /** A handler called what the test gives no stub for. */
  | "stub";

/** One thing that is wrong. */
export interface Defect {
  readonly check: Check;
  /** What breaks it, such as `event handler itemAdded`. */
  readonly culprit: string;
  readonly message: string;
}

/** An entity does not keep the rules that all entities have; the message names each culprit. */
export class EntityDefect extends Error {
  static {
    this.prototype.name = "EntityDefect";
  }

  readonly entity: string;
  readonly defects: readonly Defect[];

  constructor(entity: string, defects: readonly Defect[], options?: ErrorOptions) {
    const lines = defects.map(({ culprit, message }) => `${culprit} ${message}`);
    super(
      lines.length === 1
        ? `Entity ${entity}: ${lines[0]}`
        : `Entity ${entity} has ${lines.length} defects:\n- ${lines.join("\n- ")}`,
      options,
    );
    this.entity = entity;
    this.defects = defects;
  }
}

/** The error of a single defect. */
export function defect(entity: string, found: Defect, cause?: unknown): EntityDefect {
  return new EntityDefect(entity, [found], cause === undefined ? {} : { cause });
}
