// The servers that are found or built: which version, how each tells its own, what a build takes.
import { fileURLToPath } from "node:url";
import type { InfraPartName } from "./infra.ts";

/** A server whose binary we find, or build from a Go module whose go.sum pins it. */
export interface Tool {
  readonly part: InfraPartName;
  readonly command: string;
  /** What is built, as in the go.mod. */
  readonly version: string;
  /** The oldest version on PATH that is taken. */
  readonly minVersion: readonly [major: number, minor: number];
  readonly versionArgs: readonly string[];
  /** The main package, in the module of `moduleDir`. */
  readonly goPackage: string;
  readonly moduleDir: string;
  /** As in the go.mod. */
  readonly goVersion: string;
  /** On two cores, with modules to fetch. */
  readonly buildTime: string;
  /** What the part's variable may point to instead. */
  readonly alternative: string;
  readonly website: string;
}

const moduleDir = (name: string): string => fileURLToPath(new URL(`../../infra/${name}`, import.meta.url));

export const natsServer: Tool = {
  part: "nats",
  command: "nats-server",
  version: "2.12.15",
  // JetStream's metadata and consumer pause, which topics use.
  minVersion: [2, 11],
  versionArgs: ["--version"],
  goPackage: "github.com/nats-io/nats-server/v2",
  moduleDir: moduleDir("nats-server"),
  goVersion: "1.25",
  buildTime: "half a minute",
  alternative: "a running server with JetStream",
  website: "https://nats.io/download",
};

export const consul: Tool = {
  part: "registry",
  command: "consul",
  version: "1.16.2",
  // gRPC checks and the flags that we start it with.
  minVersion: [1, 14],
  versionArgs: ["version"],
  goPackage: "github.com/hashicorp/consul",
  moduleDir: moduleDir("consul"),
  goVersion: "1.20",
  buildTime: "three minutes",
  alternative: "a running agent",
  website: "https://developer.hashicorp.com/consul/install",
};
