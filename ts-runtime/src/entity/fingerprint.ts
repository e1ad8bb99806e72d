// What a snapshot was written with: when the state's message changes, old snapshots are passed over and the state is
// folded anew from its events.
import { createHash } from "node:crypto";
import { toBinary, type DescFile, type DescMessage } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** A digest of a message's file and of all that the file imports. */
export function fingerprint(message: DescMessage): string {
  const hash = createHash("sha256").update(message.typeName);
  for (const file of withImports(message.file)) hash.update(toBinary(FileDescriptorProtoSchema, file.proto));
  return hash.digest("base64url");
}

function withImports(file: DescFile, seen: Set<DescFile> = new Set()): ReadonlySet<DescFile> {
  if (!seen.has(file)) {
    seen.add(file);
    for (const dependency of file.dependencies) withImports(dependency, seen);
  }
  return seen;
}
