// `samspel policy set` and `unset`.
import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import type { Values } from "@samspel/registry";
import {
  checkStored,
  emptyPolicy,
  parseStored,
  printStored,
  type StoredPolicy,
} from "@samspel/runtime/policy";
import { UsageError } from "../backoffice/usage-error.ts";
import { runOnSystem, type Tools } from "../system/run.ts";
import { changed, readAssignments, readNames } from "./fields.ts";
import type { PolicyOptions, SetOptions } from "./index.ts";
import { findTarget, targetName, type Target } from "./target.ts";

const attempts = 5;

export function set(name: string, texts: readonly string[], options: SetOptions): Promise<number> {
  return runOnSystem(options, async (tools) => {
    if ((options.file === undefined) === (texts.length === 0)) {
      throw new UsageError("Set what? Give fields such as timeoutMs=500, or --file <path>");
    }
    const changes = readAssignments(texts);
    const target = await findTarget(tools.registry, name, options);
    if (options.file === undefined) {
      return write(tools, target, (stored) => changed(stored(), target.method?.name, changes));
    }
    if (target.method !== undefined) {
      throw new UsageError(`--file says all of ${target.service.typeName}: leave ${target.method.name} out`);
    }
    const text = options.file === "-" ? await readAll(process.stdin) : await readGiven(options.file);
    const whole = checkStored(text, options.file, target.service);
    checkMethods(whole, target);
    return write(tools, target, () => whole);
  });
}

export function unset(name: string, names: readonly string[], options: PolicyOptions): Promise<number> {
  return runOnSystem(options, async (tools) => {
    const changes = readNames(names);
    const target = await findTarget(tools.registry, name, options);
    const method = target.method?.name;
    return write(tools, target, (stored) => {
      if (changes.length > 0) return changed(stored(), method, changes);
      if (method === undefined) return emptyPolicy;
      const policy = stored();
      return { ...policy, methods: new Map([...policy.methods].filter(([each]) => each !== method)) };
    });
  });
}

/** Changes what is stored, whoever else does at the same time. What cannot be read is only read where it is changed. */
async function write(
  { registry, printer, json }: Tools,
  target: Target,
  change: (stored: () => StoredPolicy) => StoredPolicy,
): Promise<number> {
  const { key, service } = target;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const before = await registry.values.read(key);
    const next = change(() =>
      before === undefined ? emptyPolicy : parseStored(before.text, { key, protoService: service.typeName }),
    );
    const isEmpty = next.calls.size + next.instances.size + next.methods.size === 0;
    const text = isEmpty ? undefined : printStored(next, service.typeName);
    if (text !== undefined) checkMethods(checkStored(text, key, service), target);
    if (!(await store(registry.values, key, text, before?.version))) continue;
    if (json) printer.line(JSON.stringify({ key, policy: text === undefined ? null : JSON.parse(text) }));
    else if (text === undefined) printer.line(`${targetName(target)}: nothing is set under ${key} any more`);
    else printer.line(`${targetName(target)}: ${key} is\n${text.trimEnd()}`);
    return 0;
  }
  throw new UsageError(`${key} was changed by others ${attempts} times in a row: try again`);
}

function store(
  values: Values,
  key: string,
  text: string | undefined,
  version: number | undefined,
): Promise<boolean> {
  if (text !== undefined) return values.write(key, text, version);
  return version === undefined ? Promise.resolve(true) : values.remove(key, version);
}

/** A process lets methods of other versions pass; a person has misspelt one. */
function checkMethods({ methods }: StoredPolicy, { service }: Target): void {
  const unknown = [...methods.keys()].find((name) => !service.methods.some((method) => method.name === name));
  if (unknown === undefined) return;
  const names = service.methods.map(({ name }) => name).join(", ");
  throw new UsageError(`${service.typeName} has no method ${unknown}: there are ${names}`);
}

async function readGiven(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(
      `--file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
