// Runs a program that ends by itself, under the guard's eyes.
import { describeExit, type ProcessSpec, type Supervisor } from "../process/index.ts";
import { InfraError } from "./infra-error.ts";

/** Resolves when the program ended with code 0. @throws InfraError with its last lines otherwise. */
export async function runToEnd(supervisor: Supervisor, spec: ProcessSpec): Promise<void> {
  const child = await supervisor.start({ tier: "infra", graceMs: 1000, ...spec });
  const { exit } = await child.ended;
  if (exit.type === "exited" && exit.code === 0) return;
  throw new InfraError(
    [`${spec.name} ${describeExit(exit)}`, ...child.lastLines.slice(-15).map(({ text }) => `  ${text}`)].join(
      "\n",
    ),
  );
}
