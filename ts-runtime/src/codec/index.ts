// Messages to bytes and back, as protobuf-es does it, faster for the shapes that the hot path of commands has.
export { decode } from "./decode.ts";
export { encode } from "./encode.ts";
