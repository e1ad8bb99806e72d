// Colours, where they are wanted: in a terminal that has them, unless NO_COLOR; anywhere with FORCE_COLOR.
import picocolors from "picocolors";
import type { Output } from "./run-reporter.ts";

/** Functions that colour a text, or leave it. */
export type Colors = ReturnType<typeof picocolors.createColors>;

/** Colours for an output. */
export function resolveColors(output: Output, wanted: boolean = true): Colors {
  const forced = (process.env["FORCE_COLOR"] ?? "") !== "";
  // The library alone would colour the logs of CI.
  return picocolors.createColors(wanted && picocolors.isColorSupported && (output.isTTY === true || forced));
}
