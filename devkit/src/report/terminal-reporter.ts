// Shows a run in a terminal: steps as they end, one live line for those under way, then the services' logs.
//
//   L1. What services write while the system starts can be kept back, and is then shown after the table, in order.
//   L2. Without a terminal there is no live line: a step that takes long says so now and then.
import type { DevEvent } from "../dev/index.ts";
import type { InfraStep } from "../infra/index.ts";
import { describeExit } from "../process/index.ts";
import { resolveColors, type Colors } from "./colors.ts";
import { formatLogLine } from "./log-lines.ts";
import { changeText, problemLines, projectChangeText } from "./problem-lines.ts";
import { readyScreen } from "./ready-screen.ts";
import type { Output, RunReporter } from "./run-reporter.ts";

const refreshMs = 500;
const quietStepMs = 5000;
const clearLine = "\r\u001B[2K";

export interface TerminalReporterOptions {
  readonly output: Output;
  /**
   * What services write: as it comes (`shown`, the default), kept back until `ready()` (`after-ready`), or not at all
   * (`silent`).
   */
  readonly services?: "shown" | "after-ready" | "silent";
  /** Default: where the output is a terminal, and the environment does not say otherwise. */
  readonly colors?: Colors;
  /** What keys do, for the ready screen. */
  readonly keys?: string | undefined;
}

interface OpenStep {
  readonly name: string;
  readonly startedAt: number;
  text: string;
  shownAt: number;
}

/** Creates a reporter that writes for people. */
export function createReporter(options: TerminalReporterOptions): RunReporter {
  const { output, services = "shown", colors = resolveColors(output), keys } = options;
  const write = (text: string): void => void output.write(text);
  const live = output.isTTY === true;
  // A terminal that does not know its width says 0.
  const columns = (): number => (output.columns === undefined || output.columns === 0 ? 80 : output.columns);
  const open = new Set<OpenStep>();
  const palette = [colors.cyan, colors.magenta, colors.blue, colors.yellow, colors.green];
  const serviceColors = new Map<string, (text: string) => string>();
  let nameWidth = 0;
  let isReady = false;
  let held: DevEvent[] | undefined = services === "after-ready" ? [] : undefined;
  let liveShown = false;

  const showLive = (): void => {
    if (!live || open.size === 0) return;
    const parts = [...open].map(({ name, text, startedAt }) => `${name} ${text} ${seconds(startedAt)}`);
    write(clearLine + colors.dim(`… ${parts.join(" · ")}`.slice(0, columns() - 1)));
    liveShown = true;
  };
  const print = (...lines: readonly string[]): void => {
    if (lines.length > 0) write(`${liveShown ? clearLine : ""}${lines.join("\n")}\n`);
    liveShown = false;
    showLive();
  };
  const showQuiet = (): void => {
    for (const step of open) {
      if (performance.now() - step.shownAt < quietStepMs) continue;
      step.shownAt = performance.now();
      print(`· ${step.name}: ${step.text} (${seconds(step.startedAt)})`);
    }
  };
  const timer = setInterval(live ? showLive : showQuiet, refreshMs);
  timer.unref();

  /** A service's last lines stand in an error as it wrote them. */
  const readable = (line: string): string => {
    const [, mark, logLine] = /^(\s+│ )(\{.*)$/.exec(line) ?? [];
    if (mark === undefined || logLine === undefined) return line;
    return formatLogLine(logLine, colors)
      .split("\n")
      .map((text) => mark + text)
      .join("\n");
  };

  const colorOf = (service: string): ((text: string) => string) => {
    const known = serviceColors.get(service);
    if (known !== undefined) return known;
    const color = palette[serviceColors.size % palette.length] ?? colors.cyan;
    serviceColors.set(service, color);
    return color;
  };

  /** Services that have not been ready yet. */
  const newcomers = new Set<string>();

  const show = (event: DevEvent): void => {
    switch (event.type) {
      case "output": {
        if (services === "silent") break;
        const prefix = colorOf(event.service)(`${event.service.padEnd(nameWidth)} │`);
        const lines = formatLogLine(event.line.text, colors).split("\n");
        print(...lines.map((line) => `${prefix} ${line}`));
        break;
      }
      case "crashed":
        print(
          `${colors.red("✘")} ${event.name} ${describeExit(event.exit)}; it starts again in ${event.restartInMs / 1000} s`,
        );
        break;
      case "restart-failed":
        print(
          `${colors.red("✘")} ${event.reason}`,
          `  ${event.name} starts again in ${event.restartInMs / 1000} s`,
        );
        break;
      case "recovered":
        print(`${colors.green("✔")} ${event.name} is ready again`);
        break;
      case "changed":
        print(colors.dim(changeText(event)));
        break;
      case "reloaded":
        print(
          `${colors.green("✔")} ${event.name} is ready${newcomers.delete(event.name) ? "" : " again"} ${colors.dim(`(${(event.tookMs / 1000).toFixed(2)} s)`)}`,
        );
        break;
      case "project-changed":
        for (const name of event.added) {
          newcomers.add(name);
          nameWidth = Math.max(nameWidth, name.length);
        }
        print(colors.dim(projectChangeText(event)));
        if (event.pending.length > 0)
          print(
            `${colors.yellow("!")} ${event.pending.join(" and ")} changed: stop and start again to take that up`,
          );
        break;
      case "problem":
        // Who crashed was shown already.
        if (event.problem.kind !== "crash" && (event.problem.kind !== "infra" || event.problem.detail === ""))
          print(...problemLines(event.problem, { colors, services }).map(readable));
        break;
      case "mended":
        // Who is ready again says so.
        if (event.problem.service === undefined)
          print(`${colors.green("✔")} ${event.problem.kind} is mended`);
        break;
    }
  };

  return {
    step(name): InfraStep {
      const now = performance.now();
      const step: OpenStep = { name, startedAt: now, text: "starting", shownAt: now };
      open.add(step);
      // Later ones leave the services' lines where they are.
      if (!isReady) nameWidth = Math.max(nameWidth, name.length);
      showLive();
      const end = (mark: string, text: string): void => {
        open.delete(step);
        print(`${mark} ${name.padEnd(nameWidth)} ${text} ${colors.dim(`(${seconds(step.startedAt)})`)}`);
      };
      return {
        progress(text) {
          step.text = text;
          showLive();
        },
        done: (text) => end(colors.green("✔"), text),
        fail: (text) => end(colors.red("✘"), text),
      };
    },
    event(event) {
      if (held === undefined) show(event);
      else held.push(event);
    },
    ready(dev, tookMs) {
      isReady = true;
      nameWidth = Math.max(...dev.services.map(({ name }) => name.length));
      for (const { name } of dev.services) colorOf(name);
      print(
        ...readyScreen(dev, { colors, tookMs, columns: live ? columns() : Number.POSITIVE_INFINITY, keys }),
        "",
      );
      const earlier = held ?? [];
      held = undefined;
      for (const event of earlier) show(event);
    },
    notice: (text) => print(colors.dim(text)),
    error: (text) => print(`${colors.red("✘")} ${text.split("\n").map(readable).join("\n")}`),
    close() {
      clearInterval(timer);
      open.clear();
      if (liveShown) write(clearLine);
    },
  };
}

const seconds = (startedAt: number): string => `${((performance.now() - startedAt) / 1000).toFixed(2)} s`;
