// Where the system is that a command is about: as the command line or the environment says, else where `samspel dev`
// of the project in this folder listens, else where Consul and NATS listen by default.
import { access } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
// Not through the doors: each command would load what starts infra.
import { usualPort } from "../../infra/choose-port.ts";
import { portAnswers } from "../../join/probe.ts";

export interface System {
  readonly registryUrl: string;
  readonly natsUrl: string;
}

interface Wishes {
  readonly project?: string | undefined;
  readonly registry?: string | undefined;
  readonly nats?: string | undefined;
}

const loopback = "127.0.0.1";
const defaults = { registry: `http://${loopback}:8500`, nats: `nats://${loopback}:4222` } as const;

export async function findSystem({ project, registry, nats }: Wishes): Promise<System> {
  const folder = await projectFolder(project);
  const ofProject = async (part: "registry" | "nats"): Promise<string | undefined> => {
    if (folder === undefined) return undefined;
    const port = usualPort(part, join(folder, ".samspel/data"));
    if (!(await portAnswers(loopback, port))) return undefined;
    return `${part === "registry" ? "http" : "nats"}://${loopback}:${port}`;
  };
  return {
    registryUrl: registry ?? (await ofProject("registry")) ?? defaults.registry,
    natsUrl: nats ?? (await ofProject("nats")) ?? defaults.nats,
  };
}

/** What a project's file may be called. */
const projectFiles = ["samspel.json", "samspel.config.ts"];

/** The folder of a project: the one that is named, or the first one from here up that has a project's file. */
export async function projectFolder(named: string | undefined): Promise<string | undefined> {
  if (named !== undefined) return /\.(json|ts)$/.test(named) ? dirname(resolve(named)) : resolve(named);
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    for (const file of projectFiles) if (await isThere(join(folder, file))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
