// How columns and parameters are read and written, beyond what the driver knows.
//
// The driver can ask each new connection for its array types instead, but a connection that is killed during that
// question ends the whole process with an unhandled rejection (seen with postgres 3.4.9). So they stand here.
import postgres, { type PostgresType } from "postgres";
import { parseArray, textArray } from "./array-text.ts";

const xid8: PostgresType<bigint> = {
  to: 5069,
  from: [5069],
  serialize: (value: bigint) => String(value),
  parse: (text: string) => BigInt(text),
};

type Element = string | number | bigint | boolean | null;

/** An array type by its OID; a string is taken as the array's text form. */
function arrayType(oid: number, parse: (text: string) => Element): PostgresType<readonly Element[]> {
  return {
    to: oid,
    from: [oid],
    serialize: (value: readonly Element[] | string) =>
      typeof value === "string"
        ? value
        : textArray(value.map((element) => (element === null ? undefined : String(element)))),
    parse: (text: string) => parseArray(text).map((element) => (element === null ? null : parse(element))),
  };
}

const arrayTypes = {
  booleanArray: arrayType(1000, (text) => text === "t"),
  smallintArray: arrayType(1005, Number),
  intArray: arrayType(1007, Number),
  textArray: arrayType(1009, String),
  varcharArray: arrayType(1015, String),
  bigintArray: arrayType(1016, BigInt),
  doubleArray: arrayType(1022, Number),
  uuidArray: arrayType(2951, String),
};

/** The types of every connection. OIDs of built-in types never change. */
export const columnTypes: {
  readonly bigint: PostgresType<bigint>;
  readonly xid8: PostgresType<bigint>;
} = { ...arrayTypes, bigint: postgres.BigInt, xid8 };
