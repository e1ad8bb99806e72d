// What of an entity its tests have run.
import { eventOneof, type Entity } from "../entity/index.ts";

/** Commands and event cases, by their local names. */
export interface Exercised<Command extends string = string, Case extends string = string> {
  readonly commands: readonly Command[];
  readonly events: readonly Case[];
}

/** What of an entity was run, in the order of its proto files. */
export interface EntityCoverage<Command extends string = string, Case extends string = string> {
  /** Commands that were sent; events that were folded. */
  readonly exercised: Exercised<Command, Case>;
  /** All others. A test can demand that there are none. */
  readonly missed: Exercised<Command, Case>;
}

export interface CoverageRecorder {
  command(name: string): void;
  events(cases: readonly string[]): void;
  report(): EntityCoverage;
}

export function createCoverage(entity: Entity): CoverageRecorder {
  const commands = new Map([...entity.commands.keys()].map((name) => [name, false]));
  const cases = new Map(eventOneof(entity.event).fields.map((field) => [field.localName, false]));
  return {
    command: (name) => void commands.set(name, true),
    events(names) {
      for (const name of names) cases.set(name, true);
    },
    report: () => ({
      exercised: { commands: those(commands, true), events: those(cases, true) },
      missed: { commands: those(commands, false), events: those(cases, false) },
    }),
  };
}

function those(names: ReadonlyMap<string, boolean>, run: boolean): readonly string[] {
  return [...names].filter(([, was]) => was === run).map(([name]) => name);
}
