// Makes a fresh clone ready: installs the npm packages if they are missing or not those of package-lock.json, once for
// all that start at the same time.
// It runs before `npm start`, `npm test`, `npm run demo` and `npm run bench`, on any Node from 20 and without any dependency; the
// scripts themselves then run on the Node that the `node` package of devDependencies brings.
import { spawn } from "node:child_process";
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const oldestNode = 20;
const lifeSignMs = 5000;
const pollMs = 200;
const root = fileURLToPath(new URL("..", import.meta.url));
// Not in node_modules: `npm ci` empties that.
const lockFile = join(root, ".installing");

/** Why packages must be installed, or undefined when they need not. */
function reasonToInstall() {
  // npm writes this file last, so a broken installation has none.
  const installedFile = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedFile)) return "they are missing";
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "" || entry.link === true) continue;
    const present = installed[path];
    // Optional packages of other platforms are never installed.
    if (
      present === undefined
        ? entry.optional !== true && entry.peer !== true
        : present.version !== entry.version
    ) {
      return `${path.replace(/^.*node_modules\//, "")} is not the version that package-lock.json names`;
    }
  }
  // Brought by an install script, which `--ignore-scripts` leaves out.
  return existsSync(join(root, "node_modules/.bin/node")) ? undefined : "the `node` package has no binary";
}

/** Writes who installs: this process, and `npm ci`, which lives on when this one is killed. */
function writeLock(pids, take) {
  const draft = `${lockFile}.${process.pid}`;
  try {
    writeFileSync(draft, JSON.stringify(pids));
    if (take) linkSync(draft, lockFile);
    else writeFileSync(lockFile, JSON.stringify(pids));
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The processes that install now. */
function installers() {
  try {
    return JSON.parse(readFileSync(lockFile, "utf8")).filter(lives);
  } catch {
    return [];
  }
}

function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Two `npm ci` in one folder tear each other's packages apart: resolves when it is ours alone. */
async function lockInstallation() {
  let toldAt = 0;
  while (!writeLock([process.pid], true)) {
    const [pid] = installers();
    if (pid === undefined) {
      rmSync(lockFile, { force: true });
      continue;
    }
    if (Date.now() - toldAt > lifeSignMs) {
      toldAt = Date.now();
      console.error(`Process ${pid} installs the npm packages: waiting for it.`);
    }
    await sleep(pollMs);
  }
}

/** Runs `npm ci`; resolves with its exit code and what it wrote on standard error. */
function runNpmCi() {
  const startedAt = Date.now();
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath;
  const [command, ...rest] =
    npm !== undefined && npm.endsWith("npm-cli.js") ? [process.execPath, npm, ...args] : ["npm", ...args];
  const child = spawn(command, rest, { cwd: root, stdio: ["ignore", "inherit", "pipe"] });
  if (child.pid !== undefined) writeLock([process.pid, child.pid], false);
  const timer = setInterval(() => {
    console.error(`  still installing: ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }, lifeSignMs);
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
    process.stderr.write(chunk);
  });
  return new Promise((resolve) => {
    child.once("error", (error) => {
      clearInterval(timer);
      resolve({ code: 1, errors: error.code === "ENOENT" ? "npm is not there" : error.message });
    });
    child.once("close", (code) => {
      clearInterval(timer);
      resolve({ code: code ?? 1, errors });
    });
  });
}

/** What to do about a failed installation. */
function adviceFor(errors) {
  if (errors.includes("npm is not there")) {
    return "npm was not found: it comes with Node, so install Node 20 or newer from https://nodejs.org";
  }
  if (/ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|network/i.test(errors)) {
    return "npm could not reach its registry: check the network and, behind a proxy, `npm config get registry proxy`";
  }
  if (/EACCES|EPERM|EROFS/.test(errors)) {
    return "npm may not write here: give the folder to your user, and do not mix runs as root with runs as yourself";
  }
  if (errors.includes("ENOSPC")) return "the disk is full";
  if (/EUSAGE|in sync/.test(errors))
    return "package.json and package-lock.json differ: run `npm install`, commit both";
  return "see what npm says above; `rm -rf node_modules` and another try help after a broken installation";
}

async function bootstrap() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < oldestNode) {
    console.error(
      `Samspel needs Node ${oldestNode} or newer to install itself: this is Node ${process.versions.node}`,
    );
    return 1;
  }
  if (reasonToInstall() === undefined) return 0;
  try {
    await lockInstallation();
  } catch (error) {
    console.error(`Cannot install the npm packages: ${adviceFor(String(error))}`);
    return 1;
  }
  try {
    return await install();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

async function install() {
  // Whom we waited for may have done it.
  const reason = reasonToInstall();
  if (reason === undefined) return 0;
  const startedAt = Date.now();
  console.error(`Installing the npm packages, as ${reason}. This takes about a minute the first time.`);
  const { code, errors } = await runNpmCi();
  if (code !== 0) {
    console.error(`Cannot install the npm packages: ${adviceFor(errors)}`);
    return 1;
  }
  const missing = reasonToInstall();
  if (missing !== undefined) {
    console.error(
      `npm ci ended well, but ${missing}: is \`ignore-scripts\` or \`omit\` set in your npm configuration?`,
    );
    return 1;
  }
  console.error(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
  return 0;
}

process.exitCode = await bootstrap();
