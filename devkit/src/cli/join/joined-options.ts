// What the commands that join a program say about it.
import { InvalidArgumentError, Option, type Command } from "commander";
import type { CheckKind, JoinedOptions } from "../../join/index.ts";

/** As commander reads it. */
export interface JoinedFlags {
  readonly name: string;
  readonly port: number;
  readonly reflection: boolean;
  readonly proto: readonly string[];
  readonly service: readonly string[];
  readonly check?: CheckKind;
  readonly checkUrl?: string;
  readonly meta: ReadonlyMap<string, string>;
  readonly tag: readonly string[];
  readonly version?: string;
  readonly zone?: string;
  readonly lang?: string;
  readonly secure: boolean;
  readonly wait: number;
  readonly registry: string;
}

const protoHelp =
  "what it serves: a .proto file or a folder of them (compiled with buf), or a descriptor set; repeatable";

/** Gives a command these options. */
export function withJoinedOptions(command: Command): Command {
  return command
    .addOption(new Option("--proto <path>", protoHelp).argParser(collect).default([], "ask by reflection"))
    .addOption(
      new Option("--service <name>", "count only this proto service, by its full name; repeatable")
        .argParser(collect)
        .default([], "all"),
    )
    .option("--no-reflection", "do not ask the program what it serves")
    .addOption(
      new Option(
        "--check <kind>",
        "how the registry looks whether it lives (default: grpc where it has health, else tcp)",
      ).choices(["grpc", "tcp", "http", "ttl", "none"]),
    )
    .option("--check-url <url>", "what --check http gets; it must answer 2xx")
    .addOption(
      new Option("--meta <key=value>", "publish a pair; repeatable")
        .argParser(addPair)
        .default(new Map<string, string>(), "none"),
    )
    .addOption(new Option("--tag <tag>", "publish a tag; repeatable").argParser(collect).default([], "none"))
    .addOption(
      new Option("--version <version>", "the version that the registry shows").env("SAMSPEL_VERSION"),
    )
    .addOption(new Option("--zone <zone>", "where it runs").env("SAMSPEL_ZONE"))
    .option("--lang <language>", "what it is written in, such as python")
    .addOption(new Option("--secure", "callers must use TLS").default(false))
    .addOption(
      new Option("--wait <seconds>", "how long it may take to answer").argParser(positive).default(30),
    );
}

/** Gives a command the registry, and our way to end. */
export function withRegistry(command: Command): Command {
  return command
    .addOption(
      new Option("--registry <url>", "Consul's HTTP address; a token is taken from CONSUL_HTTP_TOKEN")
        .env("CONSUL_HTTP_ADDR")
        .default("http://127.0.0.1:8500"),
    )
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)");
}

export function joinedOptions(flags: JoinedFlags, host: string): JoinedOptions {
  const { name, port, reflection, proto, service, check, checkUrl, tag, secure } = flags;
  const { version, zone, lang } = flags;
  return {
    name,
    host,
    port,
    reflection,
    proto,
    services: service,
    check: check ?? (checkUrl === undefined ? undefined : "http"),
    checkUrl,
    meta: Object.fromEntries(flags.meta),
    tags: tag,
    version,
    zone,
    lang,
    secure,
    waitMs: flags.wait * 1_000,
  };
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function addPair(value: string, before: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const [, key, text] = /^([^=]+)=(.*)$/s.exec(value) ?? [];
  if (key !== undefined && text !== undefined) return new Map([...before, [key, text]]);
  throw new InvalidArgumentError("It must be key=value, such as team=stock.");
}

export function positive(value: string): number {
  const number = Number(value);
  if (Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError("It must be a positive number.");
}

/** Before a program is started that could not be registered under it (R1). */
function dnsLabel(value: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) return value;
  throw new InvalidArgumentError(
    "It must be a DNS label like orders-v1: a-z, 0-9 and inner -, at most 63 long.",
  );
}

/** The name under which a program is joined. */
export function nameOption(): Option {
  return new Option("--name <name>", "the service's name in the registry: a DNS label").argParser(dnsLabel);
}

export function portNumber(value: string): number {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a port, from 1 to 65535.");
}

/** 0.0.0.0 and :: are where one listens; callers reach nobody there. */
export function reachable(value: string): string {
  if (value !== "0.0.0.0" && value !== "::" && value !== "") return value;
  throw new InvalidArgumentError("It must be an address that callers can reach.");
}
