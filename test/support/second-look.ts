// Which files of a run are looked at once more, alone. A test of whole processes by the clock may fail because others take
// the machine from it; by itself it may not. Both looks are told.
const byTheClock = /^test\/(fault|e2e|interop|browser)\//;

/** When more files fail, something is wrong with the code or the machine. */
const fewFiles = 3;

const fileEnd = /^(not )?ok \d+ - (.*?)(?: # time=\S+)?$/;

/** The files to look at again, of a TAP 14 text in which each file is a subtest; none where more than a few failed. */
export function filesToLookAtAgain(text: string): readonly string[] {
  const failed = text.split("\n").flatMap((line) => {
    const [, not, name] = fileEnd.exec(line) ?? [];
    return not !== undefined && name !== undefined ? [name] : [];
  });
  return failed.length <= fewFiles && failed.every((name) => byTheClock.test(name)) ? failed : [];
}

/** The text without what some files said. */
export function withoutFiles(text: string, files: readonly string[]): string {
  const kept: string[] = [];
  let file: string[] = [];
  for (const line of text.split("\n")) {
    file.push(line);
    const name = fileEnd.exec(line)?.[2];
    if (name === undefined) continue;
    if (!files.includes(name)) kept.push(...file);
    file = [];
  }
  return [...kept, ...file].join("\n");
}
