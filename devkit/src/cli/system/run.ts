// Runs a command: what it found goes to standard output, why it could not to standard error.
import { createRegistry, RegistryError, type Registry } from "@samspel/registry";
import { SamspelError } from "@samspel/runtime";
import { ConfigError } from "../../config/index.ts";
import { DynamicError } from "../../dynamic/index.ts";
import { JoinError } from "../../join/index.ts";
import { ViewError } from "../../registry-view/index.ts";
import { createPrinter, type Printer } from "../backoffice/printer.ts";
import { UsageError } from "../backoffice/usage-error.ts";
import { findSystem, type System } from "./find-system.ts";
import type { SystemOptions } from "./options.ts";

export interface Tools {
  readonly registry: Registry;
  readonly system: System;
  readonly printer: Printer;
  readonly json: boolean;
}

const notDone = 2;

/** Errors whose message says all to the person; anything else is a defect, and its stack helps. */
const meant = [RegistryError, SamspelError, DynamicError, ViewError, JoinError, ConfigError, UsageError];

/** Runs work on the system that the options name; resolves with its exit code, 2 where it could not be done. */
export async function runOnSystem(
  options: SystemOptions & { readonly nats?: string },
  work: (tools: Tools) => Promise<number>,
): Promise<number> {
  try {
    const system = await findSystem(options);
    await using registry = createRegistry({ url: system.registryUrl });
    return await work({ registry, system, printer: createPrinter(options), json: options.json });
  } catch (error) {
    return explainFailure(error);
  }
}

/** Says why a command could not be carried out. */
export function explainFailure(error: unknown): number {
  const isMeant = meant.some((kind) => error instanceof kind);
  console.error(isMeant && error instanceof Error ? error.message : error);
  return notDone;
}
