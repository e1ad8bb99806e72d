// What the processes of the measurement of calls are asked about themselves, by IPC.
import { createProfiler } from "./rpc-profile.ts";

const profiler = createProfiler();

export interface Question {
  readonly profile?: "start" | "stop";
  readonly memory?: true;
}

/** What its parent asks of a process: about itself, or of a client to work. */
export type Asked =
  | Question
  | { readonly inFlight: number; readonly ms: number }
  | { readonly inFlight: number; readonly calls: number }
  | { readonly messages: number };

/** What it has used, what it holds, or where its time went. */
export async function aboutItself({ profile, memory }: Question): Promise<Record<string, number>> {
  if (profile === "stop") return profiler.stop();
  if (profile === "start") {
    await profiler.start();
    return {};
  }
  if (memory === true) {
    // Twice, as what has finalizers goes in two steps.
    for (let turn = 0; turn < 2; turn++) globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    return { heapBytes: heapUsed, externalBytes: external, rssBytes: rss };
  }
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system };
}

/** Answers its parent, one question after the other. What fails ends the process. */
export function answerParent(answer: (question: Asked) => Promise<object>): void {
  process.once("disconnect", () => process.exit());
  process.on("message", (question: Asked) => {
    answer(question).then(
      (found) => process.send?.(found),
      (error: unknown) => {
        throw error;
      },
    );
  });
}
