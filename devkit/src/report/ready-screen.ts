// What is shown when everything is ready: the services, the infra, what to try first.
import type { Dev, RegisteredInstance } from "../dev/index.ts";
import type { Colors } from "./colors.ts";
import { formatTable } from "./table.ts";

const indent = "  ";

const languages: Readonly<Record<string, string>> = {
  typescript: "TypeScript",
  javascript: "JavaScript",
  ts: "TypeScript",
  js: "JavaScript",
  python: "Python",
  go: "Go",
  java: "Java",
  rust: "Rust",
};

export interface ReadyScreenOptions {
  readonly colors: Colors;
  readonly tookMs: number;
  /** How wide the output is. */
  readonly columns: number;
  /** What keys do, in place of what is usual. */
  readonly keys?: string | undefined;
}

/** The screen's lines. URLs of infra have their passwords: they are what one needs to connect, on loopback. */
export function readyScreen(
  dev: Dev,
  { colors, tookMs, columns, keys }: ReadyScreenOptions,
): readonly string[] {
  const services = dev.services.map(({ name, port, url, instance, state }) => [
    name,
    language(instance?.meta["lang"]),
    String(port),
    instance?.protoServices ?? [],
    state !== "ready" ? state : speaksHttp(instance) ? url : `${new URL(url).host} (gRPC only)`,
  ]);
  const beside = [
    ...(dev.dashboardUrl === undefined ? [] : [["dashboard", dev.dashboardUrl]]),
    ...(dev.gatewayUrl === undefined ? [] : [["gateway", dev.gatewayUrl]]),
  ];
  const waiting = dev.services.filter(({ state }) => state !== "ready").map(({ name }) => name);
  const infra = dev.infra.describe().map(({ name, url, description }) => [name, url, description]);
  const table = { colorHeading: colors.dim, maxWidth: columns - indent.length };
  const sections = [
    [
      colors.bold(`${dev.project.name} is ready`) +
        (waiting.length === 0 ? "" : colors.yellow(`, but for ${waiting.join(", ")}`)) +
        colors.dim(` (${(tookMs / 1000).toFixed(2)} s)`),
    ],
    indented(beside.map(([name, url = ""]) => `${name?.padEnd(11)}${colors.cyan(url)}`)),
    indented(formatTable(["service", "language", "port", "serves", "URL"], services, table)),
    indented(formatTable(["infra", "URL", "what it is"], infra, table)),
    dev.tryCommands.length === 0
      ? []
      : ["Try:", ...indented(dev.tryCommands.map((command) => colors.cyan(command)))],
    [colors.dim(keys ?? "Ctrl-C stops everything. Data is kept; --fresh begins anew.")],
  ];
  return sections.filter((section) => section.length > 0).flatMap(spaced);
}

/** Whether a plain HTTP client such as curl gets an answer. */
function speaksHttp(instance: RegisteredInstance | undefined): boolean {
  const protocols = instance?.meta["protocols"];
  return protocols === undefined || protocols.split(",").includes("connect");
}

function language(name: string | undefined): string {
  return name === undefined || name === "" ? "?" : (languages[name.toLowerCase()] ?? name);
}

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => indent + line);

const spaced = (section: readonly string[]): readonly string[] => ["", ...section];
