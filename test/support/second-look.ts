// Which files of a run are looked at once more, alone. A test of processes, servers and browsers may fail because others
// take the machine from it; by itself it may not. Both looks are told. A unit test has no such excuse.
const byTheClock = /^test\/(integration|fault|e2e|interop|browser|conformance)\//;

/** When more files fail, something is wrong with the code or the machine. */
const fewFiles = 3;

/** What tap says beside a file that did not end in time. */
const lateFile = "timeout!";

const fileEnd = /^(not )?ok \d+ - (.*?)(?: # time=\S+)?$/;

/** The files to look at again, of a TAP 14 text in which each file is a subtest; none where more than a few failed. */
export function filesToLookAtAgain(text: string): readonly string[] {
  const failed = text.split("\n").flatMap((line) => {
    const [, not, name] = fileEnd.exec(line) ?? [];
    return not !== undefined && name !== undefined && name !== lateFile ? [name] : [];
  });
  return failed.length <= fewFiles && failed.every((name) => byTheClock.test(name)) ? failed : [];
}

/** The text without what some files said, all that failed: nor is anything said of their lateness. */
export function withoutFiles(text: string, files: readonly string[]): string {
  const kept: string[] = [];
  let file: string[] = [];
  for (const line of text.split("\n")) {
    file.push(line);
    const name = fileEnd.exec(line)?.[2];
    if (name === undefined) continue;
    const isLeftOut = files.includes(name) || (name === lateFile && files.length > 0);
    if (!isLeftOut) kept.push(...file);
    file = [];
  }
  return [...kept, ...file].join("\n");
}
