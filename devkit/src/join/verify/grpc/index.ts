export type { CallEnd } from "./call.ts";
export {
  findTransport,
  hostText,
  openConnection,
  reasonOf,
  type ClientIdentity,
  type Connection,
  type FoundTransport,
  type Place,
  type Transport,
} from "./connection.ts";
export { endText, isStatus, statusOf } from "./status.ts";
