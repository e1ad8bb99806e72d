// A system as the dashboard sees it: what runs, what is wrong, and what can be done about it. `startDev()` gives one of a
// run that it controls; one of a system that runs elsewhere is made from the registry alone.
//
//   V1. What is read is read now: each method answers with the present state, in new arrays that nobody changes.
//   V2. A listener is called after a change, without what changed, and possibly once for several changes.
import type { OutputListener } from "./output-memory.ts";

/**
 * How a service is.
 *
 * - `down`: no instance, and none on its way.
 * - `building`: it is built, or its code is generated. What served before still serves.
 * - `starting`: its process runs, and does not answer yet. What served before may still serve.
 * - `ready`: it answers.
 * - `draining`: it finishes what it has before it is replaced or stopped.
 * - `crashed`: it ended by itself, or does not get ready; it is tried again, by itself or at the next change.
 */
export type DevServiceStatus = "down" | "building" | "starting" | "ready" | "draining" | "crashed";

/** A service, now. */
export interface DevServiceState {
  /** Its name in the registry. */
  readonly name: string;
  readonly status: DevServiceStatus;
  /** Whether the run started it, and so can control it. */
  readonly managed: boolean;
  /** Where it listens. */
  readonly host: string;
  readonly port: number;
  /** Its process, while one runs that was started from here. */
  readonly pid: number | undefined;
  /** Since when its process runs; without one, since when it is as it is. */
  readonly since: Date;
  /** How often it crashed since the run began. */
  readonly crashes: number;
}

/** What failed. */
export type DevProblemKind =
  | "configuration"
  | "build"
  | "generate"
  | "lint"
  | "breaking"
  | "start"
  | "crash"
  | "infra";

/** Something that is wrong now. It goes away when it is mended. */
export interface DevProblem {
  /** The service that it concerns; undefined where it concerns all. */
  readonly service: string | undefined;
  readonly kind: DevProblemKind;
  /** In a line, with file and line where they are known. */
  readonly summary: string;
  /** The output of what failed, without terminal codes; may be empty. */
  readonly detail: string;
  readonly since: Date;
}

/** A part of infra, now. */
export interface DevInfraPart {
  readonly name: "postgres" | "nats" | "registry";
  /** Without a password. */
  readonly url: string;
  /** What it is, with its version. */
  readonly description: string;
  /** Whether it runs, as far as is known. */
  readonly up: boolean;
}

/** One setting that a service was started with. */
export interface DevSetting {
  /** Such as `SAMSPEL_PORT`. */
  readonly name: string;
  /** Without secrets: passwords in URLs are masked, and so is what a name tells to be secret. */
  readonly value: string;
  /** Where it came from: `samspel.json`, `samspel dev`, `environment` or `default`. */
  readonly origin: string;
}

/** What can be done with a service. */
export type DevAction = "restart" | "stop" | "start";

/** The system. */
export interface DevSystem {
  /** Its name. */
  readonly name: string;
  /** Whether `control()` can do anything. */
  readonly controllable: boolean;
  /** All services that are known, by name. */
  services(): readonly DevServiceState[];
  /** The oldest first. */
  problems(): readonly DevProblem[];
  infra(): readonly DevInfraPart[];
  /** Calls the listener after each change of what the methods above answer (V2); returns how to stop that. */
  onChange(listener: () => void): () => void;
  /**
   * Calls the listener with each line that a service writes; returns how to stop that. Who listens first is told at once
   * what was written before, up to 2,000 lines of each service.
   */
  onOutput(listener: OutputListener): () => void;
  /** The folders of the project's proto files; none where they are not at hand. */
  protoFolders(): readonly string[];
  /**
   * Restarts, stops or starts a service; resolves when it is ready, or down.
   *
   * @throws DevError when there is no such service, when it is not controlled from here, or does not get ready.
   */
  control(service: string, action: DevAction): Promise<void>;
  /**
   * What a service was started with; empty where that is not known.
   *
   * @throws DevError when there is no such service.
   */
  configuration(service: string): readonly DevSetting[];
}
