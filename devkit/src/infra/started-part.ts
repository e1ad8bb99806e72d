// A part of ours while it runs: it can be stopped, killed and launched again, and tells when it ends by itself.
import type { OutputLine, ProcessExit } from "../process/index.ts";
import type { LaunchedPart, PreparedPart } from "./part.ts";

export interface StartedPart {
  readonly prepared: PreparedPart;
  /** Of the process that runs now. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** Launches the part; `onEnded` hears of each end that nobody asked for. */
export async function createStartedPart(
  prepared: PreparedPart,
  signal: AbortSignal,
  onEnded: (exit: ProcessExit, lastLines: readonly OutputLine[]) => void,
): Promise<StartedPart> {
  const launch = async (until: AbortSignal): Promise<LaunchedPart> => {
    const launched = await prepared.launch(until);
    void launched.ended.then(({ exit, asked }) => {
      if (!asked) onEnded(exit, launched.lastLines);
    });
    return launched;
  };
  let current = await launch(signal);
  return {
    prepared,
    get pid() {
      return current.pid;
    },
    stop: () => current.stop(),
    kill: () => current.kill(),
    async restart() {
      await current.stop();
      current = await launch(new AbortController().signal);
    },
  };
}
