// The descriptors that reflection answers from: every file that the served APIs need, found by name, by symbol and
// by extension. Enough for a client that has no proto files to encode a request and decode an answer.
import { toBinary, type DescExtension, type DescFile, type DescMessage } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

export interface FileIndex {
  byName(name: string): DescFile | undefined;
  /** A service, method, message, field, oneof, enum, enum value or extension by its full name. */
  bySymbol(symbol: string): DescFile | undefined;
  byExtension(extendee: string, number: number): DescFile | undefined;
  /** The numbers of all known extensions of a message; undefined for a message that is not known. */
  extensionNumbers(extendee: string): readonly number[] | undefined;
}

export function createFileIndex(roots: readonly DescFile[]): FileIndex {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescExtension>>();
  for (const file of roots.flatMap(withDependencies)) {
    const name = `${file.name}.proto`;
    if (files.has(name)) continue;
    files.set(name, file);
    for (const symbol of symbolsOf(file)) symbols.set(symbol, file);
    for (const type of nestedTypes(file)) {
      if (type.kind !== "extension") continue;
      const known = extensions.get(type.extendee.typeName) ?? new Map<number, DescExtension>();
      extensions.set(type.extendee.typeName, known.set(type.number, type));
    }
  }
  return {
    byName: (name) => files.get(name),
    bySymbol: (symbol) => symbols.get(symbol),
    byExtension: (extendee, number) => extensions.get(extendee)?.get(number)?.file,
    extensionNumbers(extendee) {
      const known = extensions.get(extendee);
      if (known === undefined) return symbols.has(extendee) ? [] : undefined;
      return [...known.keys()].sort((a, b) => a - b);
    },
  };
}

/** The same, encoded. */
export function encodeWithDependencies(file: DescFile): Uint8Array[] {
  return withDependencies(file).map((it) => toBinary(FileDescriptorProtoSchema, it.proto));
}

/** A file and all that it imports, directly or not, each once and the file first. */
export function withDependencies(file: DescFile): DescFile[] {
  const found = new Set([file]);
  // A set visits what is added to it while it is walked.
  for (const it of found) for (const dependency of it.dependencies) found.add(dependency);
  return [...found];
}

function* symbolsOf(file: DescFile): Generator<string> {
  for (const type of nestedTypes(file)) {
    yield type.typeName;
    if (type.kind === "service") for (const method of type.methods) yield `${type.typeName}.${method.name}`;
    if (type.kind === "message") yield* membersOf(type);
    // Values are siblings of their enum, not its children: protobuf follows C++ here.
    if (type.kind === "enum") {
      const scope = type.typeName.slice(0, type.typeName.lastIndexOf(".") + 1);
      for (const value of type.values) yield `${scope}${value.name}`;
    }
  }
}

function* membersOf(message: DescMessage): Generator<string> {
  for (const field of message.fields) yield `${message.typeName}.${field.name}`;
  for (const oneof of message.oneofs) yield `${message.typeName}.${oneof.name}`;
}
