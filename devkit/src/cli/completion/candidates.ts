// What may stand for the last word of a command line.
//
// Invariants:
//   Q1. A shell waits: within two seconds there is an answer, without what the system did not tell by then.
//   Q2. Nothing is said of what goes wrong: the command itself will.
import type { Command, Option } from "commander";
import { valuesOf, type Candidate } from "./values.ts";

export async function candidates(program: Command, words: readonly string[]): Promise<readonly Candidate[]> {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? "";
  const { command, path, positionals, pending, given } = walk(program, before);
  const all = await (async (): Promise<readonly Candidate[]> => {
    if (pending !== undefined) return ofOption(pending, path, given);
    if (last.startsWith("-")) return optionsOf(command);
    if (positionals === 0 && command.commands.length > 0) {
      const own = subcommands(command);
      return path[0] === "new" ? own.filter(({ value }) => value === "service") : own;
    }
    return ofArgument(command, path, { positionals, given, last });
  })();
  return all.filter(({ value }) => value.startsWith(last));
}

interface Walked {
  readonly command: Command;
  /** The names of commands: `entity`, `ls`. */
  readonly path: readonly string[];
  /** How many arguments the command has by now. */
  readonly positionals: number;
  /** An option that waits for its value. */
  readonly pending: Option | undefined;
  /** The values of options, by long name. */
  readonly given: Readonly<Record<string, string>>;
}

function walk(program: Command, words: readonly string[]): Walked {
  let command = program;
  const path: string[] = [];
  let positionals = 0;
  let pending: Option | undefined;
  const given: Record<string, string> = {};
  for (const word of words) {
    if (pending !== undefined) {
      given[pending.long ?? ""] = word;
      pending = undefined;
    } else if (word.startsWith("-")) {
      const [name = "", value] = word.split("=", 2);
      const option = command.options.find(({ long, short }) => long === name || short === name);
      if (value !== undefined) given[name] = value;
      else if (option?.required === true) pending = option;
    } else {
      const next = positionals === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (next === undefined) positionals += 1;
      else {
        command = next;
        path.push(word);
      }
    }
  }
  return { command, path, positionals, pending, given };
}

/** For shells only. */
const hidden: ReadonlySet<string> = new Set(["complete"]);

function subcommands(command: Command): readonly Candidate[] {
  return command.commands
    .filter((each) => !hidden.has(each.name()))
    .map((each) => ({ value: each.name(), about: each.description() }));
}

function optionsOf(command: Command): readonly Candidate[] {
  const own = command.options.flatMap(({ long, description }) =>
    long === undefined || long === null ? [] : [{ value: long, about: description }],
  );
  return [...own, { value: "--help", about: "show help" }];
}

async function ofOption(
  option: Option,
  path: readonly string[],
  given: Readonly<Record<string, string>>,
): Promise<readonly Candidate[]> {
  if (option.argChoices !== undefined) return option.argChoices.map((value) => ({ value, about: "" }));
  if (option.long === "--service" && path[0] !== "join" && path[0] !== "generate")
    return valuesOf("services", given, "");
  return option.long === "--instance" ? valuesOf("instances", given, "") : [];
}

interface Place {
  readonly positionals: number;
  readonly given: Readonly<Record<string, string>>;
  readonly last: string;
}

async function ofArgument(
  command: Command,
  path: readonly string[],
  { positionals, given, last }: Place,
): Promise<readonly Candidate[]> {
  const kind = positionals === 0 ? argumentKinds[path.join(" ")] : undefined;
  if (kind !== undefined) return valuesOf(kind, given, last);
  const choices = command.registeredArguments[positionals]?.argChoices ?? [];
  return choices.map((value) => ({ value, about: "" }));
}

const argumentKinds: Readonly<Record<string, Parameters<typeof valuesOf>[0]>> = {
  call: "methods",
  tail: "topics",
  "entity ls": "entity types",
  "entity history": "entities",
  "entity show": "entities",
  "registry show": "services",
  "registry diff": "services",
};
