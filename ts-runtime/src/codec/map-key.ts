// The keys of maps are strings in memory, whatever they are on the wire.
import { protoInt64, ScalarType, type DescField } from "@bufbuild/protobuf";
import { unusual } from "./unusual.ts";

type MapKey = (DescField & { readonly fieldKind: "map" })["mapKey"];

/** What a key is on the wire; the writer gives up on what is none. */
export function mapKeyFrom(type: MapKey): (key: string) => unknown {
  switch (type) {
    case ScalarType.STRING:
      return (key) => key;
    case ScalarType.BOOL:
      return (key) => {
        if (key !== "true" && key !== "false") throw unusual;
        return key === "true";
      };
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return (key) => protoInt64.uParse(key);
    case ScalarType.INT64:
    case ScalarType.SFIXED64:
    case ScalarType.SINT64:
      return (key) => protoInt64.parse(key);
    default:
      return (key) => {
        const number = Number(key);
        if (String(number) !== key) throw unusual;
        return number;
      };
  }
}
