// Comments of proto files, where descriptors have source info: those in the registry have none (R3), to stay small and
// the same for the same API.
import type { DescEnum, DescField, DescMessage, DescMethod } from "@bufbuild/protobuf";
import type { SourceCodeInfo } from "@bufbuild/protobuf/wkt";

/** What may have a comment that is shown. */
export type Commented = DescMessage | DescEnum | DescField | DescMethod;

/** The comment before a declaration; empty where there is none. */
export function commentOf(desc: Commented): string {
  const { proto } = fileOf(desc);
  if (proto.sourceCodeInfo === undefined) return "";
  const comments = known.get(proto) ?? commentsOf(proto.sourceCodeInfo);
  known.set(proto, comments);
  return comments.get(pathOf(desc).join(" ")) ?? "";
}

/** By path. A file has tens of places for each declaration, so they are gone through once. */
const known = new WeakMap<DescMessage["file"]["proto"], ReadonlyMap<string, string>>();

function commentsOf({ location }: SourceCodeInfo): ReadonlyMap<string, string> {
  return new Map(
    location
      .filter(({ leadingComments }) => leadingComments !== "")
      .map(({ path, leadingComments }) => [path.join(" "), leadingComments.replaceAll(/^ /gm, "").trim()]),
  );
}

/** Its full name: `cart.v1.Cart.items`. */
export function nameOf(desc: Commented): string {
  return desc.kind === "message" || desc.kind === "enum"
    ? desc.typeName
    : `${desc.parent.typeName}.${desc.name}`;
}

function fileOf(desc: Commented): DescMessage["file"] {
  switch (desc.kind) {
    case "message":
    case "enum":
      return desc.file;
    case "field":
    case "rpc":
      return desc.parent.file;
  }
}

/** Field numbers of descriptor.proto, and places in their lists, from the file down. */
function pathOf(desc: Commented): readonly number[] {
  switch (desc.kind) {
    case "message":
      return desc.parent === undefined
        ? [4, desc.file.proto.messageType.indexOf(desc.proto)]
        : [...pathOf(desc.parent), 3, desc.parent.proto.nestedType.indexOf(desc.proto)];
    case "enum":
      return desc.parent === undefined
        ? [5, desc.file.proto.enumType.indexOf(desc.proto)]
        : [...pathOf(desc.parent), 4, desc.parent.proto.enumType.indexOf(desc.proto)];
    case "field":
      return [...pathOf(desc.parent), 2, desc.parent.proto.field.indexOf(desc.proto)];
    case "rpc": {
      const { parent } = desc;
      return [6, parent.file.proto.service.indexOf(parent.proto), 2, parent.proto.method.indexOf(desc.proto)];
    }
  }
}
