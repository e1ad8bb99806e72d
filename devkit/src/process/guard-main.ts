// The guard: a process that outlives ours for a moment. It reads JSON lines from a pipe whose other end only we
// hold; when the pipe ends, however we ended, it stops what is still registered: services, then infra, then it
// removes folders. It obeys no signal of the terminal, and imports only what starts in milliseconds.
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { endGroup } from "./process-group.ts";

/** What the guard is told. */
export type GuardMessage =
  | {
      readonly type: "watch";
      readonly groupId: number;
      readonly tier: "service" | "infra";
      readonly stopSignal: NodeJS.Signals;
      readonly graceMs: number;
    }
  | { readonly type: "forget"; readonly groupId: number }
  | { readonly type: "remove-at-end"; readonly path: string }
  | { readonly type: "keep"; readonly path: string };

type Watched = Extract<GuardMessage, { type: "watch" }>;

const watched = new Map<number, Watched>();
const paths = new Set<string>();

function handle(message: GuardMessage): void {
  switch (message.type) {
    case "watch":
      watched.set(message.groupId, message);
      break;
    case "forget":
      watched.delete(message.groupId);
      break;
    case "remove-at-end":
      paths.add(message.path);
      break;
    case "keep":
      paths.delete(message.path);
      break;
  }
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) handle(JSON.parse(line) as GuardMessage);

for (const tier of ["service", "infra"] as const) {
  const groups = [...watched.values()].filter((group) => group.tier === tier);
  await Promise.all(groups.map((group) => endGroup(group.groupId, group.stopSignal, group.graceMs)));
}
for (const path of paths) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
