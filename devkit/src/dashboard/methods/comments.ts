// Comments of the project's proto files. Descriptors in the registry have none (R3); in development the files are at hand,
// and say what a running service's methods and fields are for. Names tell which belong together.
//
//   N1. They are compiled when somebody looks, and again after a change; who asks meanwhile waits, but not for long.
//   N2. What cannot be compiled, or is not there, costs nothing but its comments: those of before stay.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { readProtoFiles } from "../../join/index.ts";
import { commentOf, nameOf, type Commented } from "./comment.ts";

export interface Comments {
  /** The comment of a declaration, by its own file or by that of the project; empty where there is none. */
  of(desc: Commented): string;
  /** The same of a method by its full name: `cart.v1.CartService.AddItem`. */
  ofName(name: string): string;
  /** Resolves when changes of files are taken up, or after a moment (N1). */
  fresh(): Promise<void>;
}

const patienceMs = 3_000;

/**
 * Creates them; nothing is read before somebody asks.
 * @param lookEveryMs How often files are looked at, at the most. Default 2,000 ms.
 */
export function createComments(folders: readonly string[], lookEveryMs: number = 2_000): Comments {
  let known: ReadonlyMap<string, string> = new Map();
  let seen = "";
  let nextLookMs = 0;
  let work: Promise<void> | undefined;

  const take = async (): Promise<void> => {
    const state = await stateOf(folders);
    if (state === seen) return;
    seen = state;
    known = await read(folders);
  };

  return {
    of: (desc) => commentOf(desc) || (known.get(nameOf(desc)) ?? ""),
    ofName: (name) => known.get(name) ?? "",
    async fresh() {
      if (folders.length === 0) return;
      if (work === undefined && performance.now() >= nextLookMs) {
        work = take()
          .catch(() => {}) // N2
          .finally(() => {
            nextLookMs = performance.now() + lookEveryMs;
            work = undefined;
          });
      }
      if (work === undefined) return;
      const over = new AbortController();
      await Promise.race([work, sleep(patienceMs, undefined, { signal: over.signal }).catch(() => {})]);
      over.abort();
    },
  };
}

/** What is another after each change of a proto file. */
async function stateOf(folders: readonly string[]): Promise<string> {
  const files = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(folder, { recursive: true });
      return names.filter((name) => name.endsWith(".proto")).map((name) => join(folder, name));
    }),
  );
  const states = await Promise.all(
    files.flat().map(async (file) => {
      const { mtimeMs, size } = await stat(file);
      return `${file} ${mtimeMs} ${size}`;
    }),
  );
  return states.toSorted().join("\n");
}

/** All comments of the folders by the full names of what they are about. */
async function read(folders: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { files } = await readProtoFiles(folders, { comments: true });
  const comments = new Map<string, string>();
  const note = (desc: Commented): void => {
    const comment = commentOf(desc);
    if (comment !== "") comments.set(nameOf(desc), comment);
  };
  for (const type of createFileRegistry(create(FileDescriptorSetSchema, { file: [...files] }))) {
    if (type.kind === "service") for (const method of type.methods) note(method);
    if (type.kind === "enum") note(type);
    if (type.kind !== "message") continue;
    note(type);
    for (const field of type.fields) note(field);
  }
  return comments;
}
