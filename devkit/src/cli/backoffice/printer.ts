// How answers are shown: tables for people, JSON for programs.
import { toJsonString, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { resolveColors } from "../../report/index.ts";
import { formatTable, type Row } from "../../report/table.ts";

export interface Printer {
  /** An answer: as JSON where that is asked for, else in the way of `show`. */
  answer<M extends DescMessage>(schema: M, message: MessageShape<M>, show: () => void): void;
  /** A table; `empty` in its place where it has no rows. */
  table(heading: readonly string[], rows: readonly Row[], empty: string): void;
  line(text: string): void;
  /** What is under way, in place of what was before; nothing where no person looks. */
  progress(text: string): void;
}

export function createPrinter({ json }: { readonly json: boolean }): Printer {
  const colors = resolveColors(process.stdout);
  const isTerminal = process.stderr.isTTY;
  let shown = false;
  const clear = (): void => {
    if (shown) process.stderr.write("\r\u001B[K");
    shown = false;
  };
  const line = (text: string): void => {
    clear();
    console.log(text);
  };
  return {
    line,
    answer(schema, message, show) {
      clear();
      if (json) console.log(toJsonString(schema, message));
      else show();
    },
    table(heading, rows, empty) {
      if (rows.length === 0) return line(empty);
      const maxWidth = process.stdout.isTTY ? process.stdout.columns : Infinity;
      for (const each of formatTable(heading, rows, { colorHeading: colors.dim, maxWidth })) line(each);
    },
    progress(text) {
      if (json || !isTerminal) return;
      process.stderr.write(`\r\u001B[K${text}`);
      shown = true;
    },
  };
}
