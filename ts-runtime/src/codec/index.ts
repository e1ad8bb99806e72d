// Messages to bytes and back, as protobuf-es does it, faster for the shapes that the hot path of commands has.
export { decode } from "./decode.ts";
export { encode, encodeBehind } from "./encode.ts";
export { holdsBytes } from "./traits.ts";
