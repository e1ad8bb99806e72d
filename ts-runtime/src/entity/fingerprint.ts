// What a snapshot was written with: when the state's message changes, or the cases that are upcast, old snapshots are
// passed over and the state is folded anew from its events. That an upcast says something else than before does not show,
// no more than that an event handler does.
import { createHash } from "node:crypto";
import { toBinary, type DescFile } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Entity } from "./entity.ts";

/** A digest of the state's file, of all that the file imports, and of the numbers of the upcast cases. */
export function fingerprint({ state, event, upcasts }: Pick<Entity, "state" | "event" | "upcasts">): string {
  const hash = createHash("sha256").update(state.typeName);
  for (const file of withImports(state.file)) hash.update(toBinary(FileDescriptorProtoSchema, file.proto));
  const numbers = event.fields.filter(({ localName }) => upcasts.has(localName)).map(({ number }) => number);
  if (numbers.length > 0) hash.update(`upcasts ${numbers.sort((a, b) => a - b).join()}`);
  return hash.digest("base64url");
}

function withImports(file: DescFile, seen: Set<DescFile> = new Set()): ReadonlySet<DescFile> {
  if (!seen.has(file)) {
    seen.add(file);
    for (const dependency of file.dependencies) withImports(dependency, seen);
  }
  return seen;
}
