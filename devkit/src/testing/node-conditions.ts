// The conditions under which this Node resolves packages: another one that runs the same code needs them, too.

/** Node has them by itself, or a test runner adds them for the modules that it loads. */
const common: ReadonlySet<string> = new Set([
  "node",
  "import",
  "module",
  "module-sync",
  "development",
  "production",
]);

/** As options of Node, from those that it was started with: `--conditions=x`, `--conditions x`, `-C x`. */
export function nodeConditions(execArgv: readonly string[] = process.execArgv): readonly string[] {
  return execArgv
    .flatMap((option, index) => {
      if (option.startsWith("--conditions=")) return [option.slice("--conditions=".length)];
      return option === "--conditions" || option === "-C" ? (execArgv[index + 1] ?? []) : [];
    })
    .filter((condition) => !common.has(condition))
    .map((condition) => `--conditions=${condition}`);
}
