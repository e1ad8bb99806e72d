// Programs by name.
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** The first executable of that name on PATH. */
export async function onPath(command: string): Promise<string | undefined> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, command);
    if (folder !== "" && (await isExecutable(path))) return path;
  }
  return undefined;
}

/** Whether we may run the file. */
export const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
