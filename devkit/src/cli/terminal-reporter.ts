// Shows a run in a terminal: steps as they end, one live line for those under way, then the services' logs.
//
//   L1. What services write while the system starts is kept back and shown after the table, in order.
//   L2. Without a terminal there is no live line: a step that takes long says so now and then.
import type { Dev, DevEvent, DevReporter } from "../dev/index.ts";
import type { InfraStep } from "../infra/index.ts";
import { describeExit } from "../process/index.ts";
import type { Colors } from "./colors.ts";
import { formatLogLine } from "./log-lines.ts";
import { readyScreen } from "./ready-screen.ts";

const refreshMs = 500;
const quietStepMs = 5000;
const clearLine = "\r\u001B[2K";

/** Shows one run. */
export interface RunReporter extends DevReporter {
  /** Shows what runs, and from now on the logs. */
  ready(dev: Dev, tookMs: number): void;
  /** Something to know between the logs. */
  notice(text: string): void;
  error(text: string): void;
  /** Nothing is shown live afterwards. */
  close(): void;
}

export interface TerminalReporterOptions {
  readonly write: (text: string) => void;
  readonly colors: Colors;
  /** Whether lines can be rewritten; the width in columns if so. */
  readonly liveColumns?: number | undefined;
}

interface OpenStep {
  readonly name: string;
  readonly startedAt: number;
  text: string;
  shownAt: number;
}

export function createTerminalReporter({ write, colors, liveColumns }: TerminalReporterOptions): RunReporter {
  const open = new Set<OpenStep>();
  const palette = [colors.cyan, colors.magenta, colors.blue, colors.yellow, colors.green];
  const serviceColors = new Map<string, (text: string) => string>();
  let nameWidth = 0;
  let held: DevEvent[] | undefined = [];
  let liveShown = false;

  const showLive = (): void => {
    if (liveColumns === undefined || open.size === 0) return;
    const parts = [...open].map(({ name, text, startedAt }) => `${name} ${text} ${seconds(startedAt)}`);
    write(clearLine + colors.dim(`… ${parts.join(" · ")}`.slice(0, liveColumns - 1)));
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
  const timer = setInterval(liveColumns === undefined ? showQuiet : showLive, refreshMs);
  timer.unref();

  const colorOf = (service: string): ((text: string) => string) => {
    const known = serviceColors.get(service);
    if (known !== undefined) return known;
    const color = palette[serviceColors.size % palette.length] ?? colors.cyan;
    serviceColors.set(service, color);
    return color;
  };

  const show = (event: DevEvent): void => {
    switch (event.type) {
      case "output": {
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
    }
  };

  return {
    step(name): InfraStep {
      const now = performance.now();
      const step: OpenStep = { name, startedAt: now, text: "starting", shownAt: now };
      open.add(step);
      nameWidth = Math.max(nameWidth, name.length);
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
      nameWidth = Math.max(...dev.services.map(({ name }) => name.length));
      for (const { name } of dev.services) colorOf(name);
      print(...readyScreen(dev, { colors, tookMs }), "");
      const earlier = held ?? [];
      held = undefined;
      for (const event of earlier) show(event);
    },
    notice: (text) => print(colors.dim(text)),
    error: (text) => print(`${colors.red("✘")} ${text}`),
    close() {
      clearInterval(timer);
      open.clear();
      if (liveShown) write(clearLine);
    },
  };
}

const seconds = (startedAt: number): string => `${((performance.now() - startedAt) / 1000).toFixed(2)} s`;
