// Makes docs/images/start.svg: the screen of a real `npm start`, up to where everything is ready, on a dark terminal.
// The database's password becomes `…`.
//
//   node scripts/terminal-picture.mjs
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { drawTerminal, hidePassword } from "../test/support/terminal-picture.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const command = "npm start";
const lastLine = "Ctrl-C stops everything";

/** The lines of the run, with colours. */
async function record() {
  const child = spawn("npm", ["start", "--silent"], {
    cwd: root,
    env: { ...process.env, FORCE_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
    // npm does not pass SIGINT on, so its whole group gets it, as from a terminal.
    detached: true,
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const lines = [];
  let ready = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (ready) continue;
    lines.push(line);
    ready = line.includes(lastLine);
    if (ready && child.pid !== undefined) process.kill(-child.pid, "SIGINT");
  }
  await ended;
  if (!ready) throw new Error(`${command} did not get ready:\n${lines.join("\n")}`);
  return hidePassword(lines);
}

mkdirSync(`${root}docs/images`, { recursive: true });
writeFileSync(`${root}docs/images/start.svg`, drawTerminal(command, await record()));
