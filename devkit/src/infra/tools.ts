// The servers that are found, downloaded or built: which version, how each tells its own, what a build takes.
import { fileURLToPath } from "node:url";
import type { InfraPartName } from "./infra.ts";

/** An archive of an official release. */
export interface ReleaseArchive {
  readonly url: string;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

/** A server whose binary we find, download, or build from a Go module whose go.sum pins it. */
export interface Tool {
  readonly part: InfraPartName;
  readonly command: string;
  /** What is downloaded or built, as in the go.mod. */
  readonly version: string;
  /** Its official archives, by platform and architecture as Node has them; others are built. */
  readonly archives: Readonly<Record<string, ReleaseArchive>>;
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

const natsArchive = (arch: string): string =>
  `https://github.com/nats-io/nats-server/releases/download/v2.12.7/nats-server-v2.12.7-linux-${arch}.tar.gz`;

const consulArchive = (platform: string): string =>
  `https://releases.hashicorp.com/consul/1.16.2/consul_1.16.2_${platform}.zip`;

export const natsServer: Tool = {
  part: "nats",
  command: "nats-server",
  version: "2.12.7",
  // The sums are those that the official Docker image of this version checks.
  archives: {
    "linux-x64": {
      url: natsArchive("amd64"),
      sha256: "570d2d627db111e679cc1e6bc57ba78f373ed1769acd8dc9c21c8f62d15b3c52",
    },
    "linux-arm64": {
      url: natsArchive("arm64"),
      sha256: "3b9a79986778285c0e5acaba0b1218b72f6159db68fe5b8916a7d846240f9f22",
    },
  },
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
  // The sums are those of HashiCorp's own Homebrew formula of this version.
  archives: {
    "linux-x64": {
      url: consulArchive("linux_amd64"),
      sha256: "2c87fffbb8abb3ba776519514db659f174a7c5b65faad7818457049ca9ff338b",
    },
    "linux-arm64": {
      url: consulArchive("linux_arm64"),
      sha256: "1903a5ecb6e17437bb6e0ada5e9ef403fd791ec1130c52cd76508260c4a2a719",
    },
    "darwin-x64": {
      url: consulArchive("darwin_amd64"),
      sha256: "47fef801a90ddc32f483141e952723a6e9819edcd9bc9d7f88c1d5d3964b2b6d",
    },
    "darwin-arm64": {
      url: consulArchive("darwin_arm64"),
      sha256: "39a1a07f93f7d37ecf7821cadb117a4071ea704698948bf79f4a61cfcee316ab",
    },
  },
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
