// What a scenario gets, and what all of them look with.
import { deepStrictEqual } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { ConnectError, type Client, type Code, type HandlerContext } from "@connectrpc/connect";
import type { ServiceContext, TellClient } from "@samspel/runtime";
import { ScenarioService } from "../../gen/samspel/scenario/v1/scenario_pb.ts";

export interface Run {
  readonly service: ServiceContext;
  /** The call of Run: what a scenario does belongs to its trace. */
  readonly call: HandlerContext;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Throws where something does not hold. */
export type Scenario = (run: Run) => Promise<void>;

export type ScenarioClient = Client<typeof ScenarioService> & {
  readonly tell: TellClient<typeof ScenarioService>;
};

export function clientOf({ service, call }: Run): ScenarioClient {
  return service.clientsWithin(call).client(ScenarioService);
}

/** @throws where it is not there. */
export function parameter({ parameters }: Run, name: string): string {
  const value = parameters[name];
  if (value === undefined) throw new Error(`the suite gave no parameter ${name}`);
  return value;
}

export function same<T>(what: string, found: T, expected: T): void {
  deepStrictEqual(found, expected, `${what}: expected ${inspect(expected)}, found ${inspect(found)}`);
}

/** The error of a call that must fail with a code. */
export async function failure(what: string, code: Code, call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => ConnectError.from(reason),
  );
  same(`${what}: code`, error?.code, code);
  if (error === undefined) throw new Error(`${what}: did not fail`);
  return error;
}

/** Looks again and again until something holds. */
export async function soon(what: string, seconds: number, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(50);
  }
}
