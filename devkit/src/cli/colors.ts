// Colours, where they are wanted: a terminal that has them, unless NO_COLOR or --no-color; anywhere with FORCE_COLOR.
import picocolors from "picocolors";

/** Functions that colour a text, or leave it. */
export type Colors = ReturnType<typeof picocolors.createColors>;

/** Colours for the standard output. */
export function resolveColors(wanted: boolean): Colors {
  const forced = (process.env["FORCE_COLOR"] ?? "") !== "";
  // The library alone would colour the logs of CI.
  return picocolors.createColors(wanted && picocolors.isColorSupported && (process.stdout.isTTY || forced));
}
