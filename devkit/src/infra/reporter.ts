// How infra tells what it does: steps that begin, show life, and end well or badly.

/** One step of the start. Exactly one of `done` and `fail` ends it. */
export interface InfraStep {
  /** What it does now. Replaces the earlier progress; comes at least each few seconds in a long step. */
  progress(text: string): void;
  /** It ended well. */
  done(text: string): void;
  /** It failed. The error itself is thrown by whoever runs the step. */
  fail(text: string): void;
}

/** Renders steps. Steps run beside each other. */
export interface InfraReporter {
  step(name: string): InfraStep;
}

/** Says nothing. */
export const silentReporter: InfraReporter = {
  step: () => ({ progress() {}, done() {}, fail() {} }),
};

/** Writes one line per event with the step's name and its time so far: for logs and for CI. */
export function lineReporter(write: (line: string) => void): InfraReporter {
  return {
    step(name) {
      const startedAt = performance.now();
      const line = (mark: string, text: string): void => {
        const seconds = ((performance.now() - startedAt) / 1000).toFixed(2);
        write(`${mark} ${name}: ${text} (${seconds} s)`);
      };
      return {
        progress: (text) => line("·", text),
        done: (text) => line("✔", text),
        fail: (text) => line("✘", text),
      };
    },
  };
}
