import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { acquireFileLock } from "./file-lock.ts";

const never = { wait: () => false };
const always = { wait: () => true };

/** The number of a process that is gone. */
const deadPid = (): number => spawnSync("true").pid;

t.test("acquireFileLock() names the holder when another holds it", async (t) => {
  const path = join(t.testdir({}), "lock");
  const lock = await acquireFileLock(path, never);
  await t.rejects(acquireFileLock(path, never), { name: "LockedError", pid: process.pid });
  lock.release();
  (await acquireFileLock(path, never)).release();
  t.strictSame(readdirSync(join(path, "..")), []);
});

t.test("acquireFileLock() lets only one in at a time when many want in", async (t) => {
  const path = join(t.testdir({}), "lock");
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const lock = await acquireFileLock(path, always);
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      lock.release();
    }),
  );
  t.equal(most, 1);
  t.notOk(existsSync(path));
});

t.test("acquireFileLock() takes over when the holder is dead, once for all who see it", async (t) => {
  const path = join(t.testdir({}), "lock");
  writeFileSync(path, JSON.stringify({ id: "old", pid: deadPid() }));
  const results = await Promise.allSettled([acquireFileLock(path, never), acquireFileLock(path, never)]);
  t.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
});

t.test(
  "acquireFileLock() takes over when the pid is another process now",
  { skip: process.platform !== "linux" },
  async (t) => {
    const path = join(t.testdir({}), "lock");
    writeFileSync(path, JSON.stringify({ id: "old", pid: process.pid, born: "1" }));
    (await acquireFileLock(path, never)).release();
    t.pass("taken over");
  },
);

t.test("acquireFileLock() takes over when the file names no holder (the machine lost power)", async (t) => {
  const path = join(t.testdir({}), "lock");
  for (const content of ["", "{", "null", "{}"]) {
    writeFileSync(path, content);
    (await acquireFileLock(path, never)).release();
  }
  t.strictSame(readdirSync(join(path, "..")), []);
});

t.test("acquireFileLock() waits for a dead holder's guard (it is still stopping things)", async (t) => {
  const path = join(t.testdir({}), "lock");
  const guard = spawn("sleep", ["60"]);
  t.teardown(() => guard.kill());
  writeFileSync(path, JSON.stringify({ id: "old", pid: deadPid(), guardPid: guard.pid }));
  let asked = 0;
  const lock = await acquireFileLock(path, {
    wait({ dying }) {
      t.ok(dying);
      asked += 1;
      guard.kill();
      return true;
    },
  });
  t.ok(asked >= 1);
  lock.release();
});
