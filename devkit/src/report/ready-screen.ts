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
}

/** The screen's lines. URLs of infra have their passwords: they are what one needs to connect, on loopback. */
export function readyScreen(dev: Dev, { colors, tookMs, columns }: ReadyScreenOptions): readonly string[] {
  const services = dev.services.map(({ name, port, url, instance }) => [
    name,
    language(instance?.meta["lang"]),
    String(port),
    instance?.protoServices ?? [],
    speaksHttp(instance) ? url : `${new URL(url).host} (gRPC only)`,
  ]);
  const infra = dev.infra.describe().map(({ name, url, description }) => [name, url, description]);
  const table = { colorHeading: colors.dim, maxWidth: columns - indent.length };
  const sections = [
    [colors.bold(`${dev.project.name} is ready`) + colors.dim(` (${(tookMs / 1000).toFixed(2)} s)`)],
    indented(formatTable(["service", "language", "port", "serves", "URL"], services, table)),
    indented(formatTable(["infra", "URL", "what it is"], infra, table)),
    dev.tryCommands.length === 0
      ? []
      : ["Try:", ...indented(dev.tryCommands.map((command) => colors.cyan(command)))],
    [colors.dim("Ctrl-C stops everything. Data is kept; --fresh begins anew.")],
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
