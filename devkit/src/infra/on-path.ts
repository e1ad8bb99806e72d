// Programs by name.
import { access, constants } from "node:fs/promises";
import { join } from "node:path";

/** The first executable of that name in the folders. */
export async function onPath(command: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
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
