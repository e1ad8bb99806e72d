// Which modules a JavaScript or TypeScript file names, read from its text: quick, and without running it. A name in a
// comment counts too, which only means that one file more is watched.

const patterns: readonly RegExp[] = [
  // import … from "x", export … from "x", import "x"; not what has types only.
  /(?:^|[;}\s])(?:import|export)(?!\s+type\s)\s*(?:[\w$*{}\s,]*?\bfrom\s*)?["']([^"'\n]+)["']/g,
  /\bimport\s*\(\s*["']([^"'\n]+)["']/g,
  /\brequire\s*\(\s*["']([^"'\n]+)["']/g,
  // Workers, and files that are read.
  /\bnew\s+URL\s*\(\s*["'](\.[^"'\n]+)["']\s*,\s*import\.meta\.url/g,
];

/** The names, as they are written. */
export function importsIn(text: string): readonly string[] {
  return [
    ...new Set(patterns.flatMap((pattern) => [...text.matchAll(pattern)].flatMap(([, name]) => name ?? []))),
  ];
}
