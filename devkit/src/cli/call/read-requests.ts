// The requests of a call, from the command line, a file or standard input.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { DescMethod } from "@bufbuild/protobuf";
import { UsageError } from "../backoffice/usage-error.ts";

/** The requests in JSON; those of a stream as they come. */
export async function* readRequests(
  args: readonly string[],
  kind: DescMethod["methodKind"],
): AsyncGenerator<string> {
  const isStream = kind === "client_streaming" || kind === "bidi_streaming";
  for (const arg of args.length === 0 && isStream ? ["-"] : args) {
    if (arg === "-") yield* isStream ? lines() : whole();
    else if (arg.startsWith("@")) yield await fileAt(arg.slice(1));
    else yield arg;
  }
}

async function* lines(): AsyncGenerator<string> {
  for await (const line of createInterface({ input: process.stdin })) if (line.trim() !== "") yield line;
}

async function* whole(): AsyncGenerator<string> {
  yield await text(process.stdin);
}

async function fileAt(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
