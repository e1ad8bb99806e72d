// The ACL token of each request. One in a file is read again when the file changes: whoever renews tokens (Vault
// agent, a Kubernetes secret) replaces the file, and nothing has to be restarted.
import { readFile, stat } from "node:fs/promises";
import { RegistryError } from "../errors.ts";
import type { ResolvedRegistryOptions } from "../options.ts";

/** @throws RegistryError `SAMSPEL_INVALID_CONFIGURATION` if the file cannot be read. */
export type TokenSource = () => Promise<string | undefined>;

export function createTokenSource({
  token,
  tokenFile,
}: Pick<ResolvedRegistryOptions, "token" | "tokenFile">): TokenSource {
  if (tokenFile === undefined) return async () => token;
  let read: { readonly stamp: string; readonly token: string } | undefined;
  return async () => {
    try {
      // A mounted secret is replaced by renaming: another inode, perhaps with an older time.
      const { mtimeNs, ino, size } = await stat(tokenFile, { bigint: true });
      const stamp = `${mtimeNs} ${ino} ${size}`;
      if (read?.stamp !== stamp) read = { stamp, token: (await readFile(tokenFile, "utf8")).trim() };
      return read.token === "" ? undefined : read.token;
    } catch (error) {
      throw new RegistryError(
        "SAMSPEL_INVALID_CONFIGURATION",
        `Cannot read the registry's token: CONSUL_HTTP_TOKEN_FILE (tokenFile) names ${tokenFile}, which must be a ` +
          "file that this process may read",
        { cause: error },
      );
    }
  };
}
