// What may stand for the last word of a command line.
//
// Invariants:
//   Q1. A shell waits: there is an answer in time, without what the system did not tell by then.
//   Q2. Nothing is said of what goes wrong: the command itself will.
import type { Command, Option } from "commander";
import { valuesOf, type Ask, type Candidate } from "./values.ts";

/** @param withinMs How long the system may take to answer. */
export async function candidates(
  program: Command,
  words: readonly string[],
  withinMs: number,
): Promise<readonly Candidate[]> {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? "";
  const { command, path, positionals, pending, given } = walk(program, before);
  const all = await (async (): Promise<readonly Candidate[]> => {
    if (pending !== undefined) return ofOption(pending, path, { given, withinMs });
    if (last.startsWith("-")) return optionsOf(command);
    if (positionals === 0 && command.commands.length > 0) {
      const own = subcommands(command);
      return path[0] === "new" ? own.filter(({ value }) => value === "service") : own;
    }
    return ofArgument(command, path, { positionals, last, ask: { given, withinMs } });
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

async function ofOption(option: Option, path: readonly string[], ask: Ask): Promise<readonly Candidate[]> {
  if (option.argChoices !== undefined) return option.argChoices.map((value) => ({ value, about: "" }));
  if (
    option.long === "--for" ||
    (option.long === "--service" && path[0] !== "join" && path[0] !== "generate")
  )
    return valuesOf("services", "", ask);
  return option.long === "--instance" ? valuesOf("instances", "", ask) : [];
}

interface Place {
  readonly positionals: number;
  readonly last: string;
  readonly ask: Ask;
}

async function ofArgument(
  command: Command,
  path: readonly string[],
  { positionals, last, ask }: Place,
): Promise<readonly Candidate[]> {
  const kind = positionals === 0 ? argumentKinds[path.join(" ")] : undefined;
  if (kind !== undefined) return valuesOf(kind, last, ask);
  if (path[0] === "policy" && positionals > 0) return policyFields(path[1] === "set" ? "=" : "");
  const choices = command.registeredArguments[positionals]?.argChoices ?? [];
  return choices.map((value) => ({ value, about: "" }));
}

async function policyFields(after: string): Promise<readonly Candidate[]> {
  // The other commands need none of it.
  const { fieldNames } = await import("../policy/fields.ts");
  return fieldNames.map((name) => ({ value: name + after, about: "" }));
}

const argumentKinds: Readonly<Record<string, Parameters<typeof valuesOf>[0]>> = {
  call: "methods",
  tail: "topics",
  "entity ls": "entity types",
  "entity history": "entities",
  "entity show": "entities",
  "registry show": "services",
  "registry diff": "services",
  "policy get": "policy targets",
  "policy set": "policy targets",
  "policy unset": "policy targets",
};
