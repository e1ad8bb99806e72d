// What a log shows of a TAP stream: a line for each file when it is done, and what failed in it, whole.

const lastLines = 30;

/** Takes a stream line by line. */
export interface TapProgress {
  /** Gives what is to be printed for one more line. */
  line(text: string): readonly string[];
}

/** Follows a TAP 14 stream in which each file is a subtest. */
export function createTapProgress(): TapProgress {
  let file: string[] = [];
  let failed = false;
  return {
    line(text) {
      const [, not, name, time] = /^(not )?ok \d+ - (.*?)(?: # time=(\S+))?$/.exec(text) ?? [];
      if (name !== undefined) {
        failed = not !== undefined;
        const lines = failed ? failuresOf(file) : [];
        file = [];
        return [`${failed ? "✘" : "✔"} ${name}${time === undefined ? "" : ` (${time})`}`, ...lines];
      }
      // Behind a failed file stands why: a timeout, a signal, an exit code.
      if (failed && /^ {2}(---|\.\.\.|\S)/.test(text)) return [text];
      if (failed && text.startsWith("#")) failed = false;
      file.push(text);
      return [];
    },
  };
}

/** Each failed assertion with its diagnostics; the last lines where there is none, as the file broke then. */
function failuresOf(lines: readonly string[]): readonly string[] {
  const shown: string[] = [];
  let diagnosticsEnd: string | undefined;
  for (const [index, line] of lines.entries()) {
    const [, indent = ""] = /^( *)not ok/.exec(line) ?? [];
    if (diagnosticsEnd !== undefined) {
      shown.push(line);
      if (line === diagnosticsEnd) diagnosticsEnd = undefined;
    } else if (line.startsWith(`${indent}not ok`)) {
      shown.push(line);
      if (lines[index + 1] === `${indent}  ---`) diagnosticsEnd = `${indent}  ...`;
    }
  }
  return shown.length === 0 ? lines.slice(-lastLines) : shown;
}
