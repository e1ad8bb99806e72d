// Where the strings with a prefix end, in the order of bytes, which in UTF-8 is that of code points.

const lastCodePoint = 0x10ffff;
const firstSurrogate = 0xd800;
const behindSurrogates = 0xe000;

/** The least string behind all that begin with `prefix`; undefined where nothing is behind them. */
export function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.at(-1) === lastCodePoint) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  // Surrogates are no characters of their own.
  const next = last + 1 === firstSurrogate ? behindSurrogates : last + 1;
  return String.fromCodePoint(...points, next);
}
