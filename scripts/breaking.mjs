// Refuses proto changes that break callers or stored events: compares with the last release, or, before the first
// one, with the commit before this one.
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What git answers, or undefined when it refuses. */
function git(...args) {
  try {
    return execFileSync("git", args, {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined;
  }
}

const tag = git("describe", "--tags", "--abbrev=0", "HEAD^");
const base = git("rev-parse", "--verify", "--quiet", `${tag ?? "HEAD^"}^{commit}`);
if (base === undefined || git("cat-file", "-e", `${base}:buf.yaml`) === undefined) {
  console.log("nothing to compare with: there is no release and no earlier commit with protos here");
} else {
  console.log(`compared with ${tag ?? "the commit before"} (${base.slice(0, 9)})`);
  const { status } = spawnSync("buf", ["breaking", "--against", `.git#ref=${base}`], {
    cwd: root,
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
}
