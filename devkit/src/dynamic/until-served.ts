// A service that restarts has no instance for a moment. Who calls it by hand right then wants to wait that moment out.
//
//   U1. What was never there is not waited for: a proto service counts that has an instance, well or not, or that some
//       descriptors in the registry tell of, which outlive the instances that published them (R3).
//   U2. What the registry calls well may have ended a moment ago without a word: its port is tried.
//   U3. It waits and says nothing else: what is wrong in the end, the call says.
import { setTimeout as sleep } from "node:timers/promises";
import { readDescriptorSet } from "@samspel/runtime/compatibility";
import type { InstanceState, Registry } from "@samspel/registry";
import { portAnswers } from "../join/index.ts";
import { splitMethod } from "./method-name.ts";

const lookEveryMs = 100;
/** Of a registry with more sets than these, the rest is not looked through. */
const maxSets = 200;
const setsAtOnce = 8;
const maxProbes = 8;

export interface UntilServedOptions {
  readonly registry: Pick<Registry, "states" | "descriptors">;
  /** As people write it: `CartService/AddItem`. */
  readonly method: string;
  readonly waitMs: number;
  /** Told once what is waited for, if anything is. */
  readonly onWait: (what: string) => void;
}

/**
 * Resolves when an instance is well that has the method's proto service, when none is to be expected (U1), or when the time
 * is over.
 */
export async function untilServed({ registry, method, waitMs, onWait }: UntilServedOptions): Promise<void> {
  const { protoService: asked } = splitMethod(method);
  const untilMs = performance.now() + waitMs;
  let known: string | undefined;
  for (;;) {
    const found = await look(registry, asked);
    if (found.type === "served") return;
    if (known === undefined) {
      known = found.name ?? (await describedAs(registry, asked));
      if (known === undefined) return;
      onWait(`an instance of ${known}${found.name === undefined ? "" : " that is well"}`);
    }
    if (performance.now() > untilMs) return;
    await sleep(lookEveryMs);
  }
}

async function look(
  registry: UntilServedOptions["registry"],
  asked: string,
): Promise<{ readonly type: "served" } | { readonly type: "missing"; readonly name: string | undefined }> {
  const found = (await registry.states()).flatMap((instance) =>
    instance.protoServices.filter((name) => isMeant(name, asked)).map((name) => ({ name, instance })),
  );
  const well = found.filter(({ instance }) => instance.health === "passing").slice(0, maxProbes);
  if (await anyAnswers(well.map(({ instance }) => instance))) return { type: "served" };
  return { type: "missing", name: found[0]?.name };
}

/** Whether one of these can be connected to (U2). */
async function anyAnswers(instances: readonly InstanceState[]): Promise<boolean> {
  const answers = await Promise.all(instances.map(({ address, port }) => portAnswers(address, port)));
  return answers.includes(true);
}

/** The full name of a proto service that descriptors in the registry tell of. */
async function describedAs(
  { descriptors }: UntilServedOptions["registry"],
  asked: string,
): Promise<string | undefined> {
  const hashes = (await descriptors.list()).slice(0, maxSets);
  for (let at = 0; at < hashes.length; at += setsAtOnce) {
    const sets = await Promise.all(
      // One that is damaged tells nothing.
      hashes.slice(at, at + setsAtOnce).map((hash) => descriptors.read(hash).catch(() => undefined)),
    );
    for (const set of sets) {
      const name = set === undefined ? undefined : serviceIn(set, asked);
      if (name !== undefined) return name;
    }
  }
  return undefined;
}

function serviceIn(set: Uint8Array, asked: string): string | undefined {
  for (const type of readDescriptorSet(set))
    if (type.kind === "service" && isMeant(type.typeName, asked)) return type.typeName;
  return undefined;
}

function isMeant(name: string, asked: string): boolean {
  return name === asked || name.endsWith(`.${asked}`);
}
