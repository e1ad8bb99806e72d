// Request headers on a command line: `name: value`, as curl has them, or `name=value`.
import { UsageError } from "../backoffice/usage-error.ts";

/** @throws UsageError for what is no header. */
export function headersOf(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([\w!#$%&'*+.^`|~-]+)\s*[:=]\s*(.*)$/.exec(text) ?? [];
      if (name === undefined || value === undefined)
        throw new UsageError(`--header must be like "authorization: Bearer x": current value is "${text}"`);
      return [name, value];
    }),
  );
}
