// What an input of a form is given.
import type { VNode } from "preact";
import type { Json } from "../../format/index.ts";
import type { Schema } from "./schema.ts";

/** A value of a schema, and how it is changed. */
export interface ValueProps {
  readonly schema: Schema;
  readonly root: Schema;
  readonly value: Json | undefined;
  readonly onChange: (value: Json | undefined) => void;
  /** For those who hear the page. */
  readonly label: string;
}

/** Lists and maps hold values of any kind: how these are asked for is handed in. */
export interface CollectionProps extends ValueProps {
  readonly Input: (props: ValueProps) => VNode;
}
