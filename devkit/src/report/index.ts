// How a run is shown: to people in a terminal, to programs as JSON.
export { resolveColors, type Colors } from "./colors.ts";
export { createJsonReporter } from "./json-reporter.ts";
export type { Output, RunReporter } from "./run-reporter.ts";
export { createReporter, type TerminalReporterOptions } from "./terminal-reporter.ts";
