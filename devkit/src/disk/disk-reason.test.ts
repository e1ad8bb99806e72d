import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { diskReason } from "./disk-reason.ts";

const thrownBy = (act: () => void): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
};
const failed = (code: string, more: object = {}): Error =>
  Object.assign(new Error(code), { code, syscall: "write", ...more });

t.test("diskReason() names path and fix when a file lies where a folder must be", async (t) => {
  const file = join(t.testdir({ file: "" }), "file");
  for (const path of [join(file, "folder"), file]) {
    const error = thrownBy(() => mkdirSync(path));
    t.equal(
      diskReason(error),
      `${path} cannot be written, as a file lies where a folder must be: move it away, or use another folder`,
    );
    t.match(diskReason(error, file), /\(the cache: SAMSPEL_CACHE_DIR can name another\)$/);
  }
});

t.test(
  "diskReason() says that the disk is full when it is",
  { skip: process.platform !== "linux" },
  async (t) => {
    t.equal(
      diskReason(thrownBy(() => writeFileSync("/dev/full", "x"))),
      "the disk is full: make room, and start again",
    );
  },
);

t.test("diskReason() says nothing when the disk has no part in it", async (t) => {
  t.equal(diskReason(failed("EACCES", { syscall: "listen" })), undefined);
  t.equal(diskReason(failed("ENOENT")), undefined);
  t.match(diskReason(failed("ENOENT", { syscall: "mkdir" })), /^that disk is read-only/, "but for mkdir");
  t.equal(diskReason(new Error("EACCES")), undefined);
  t.match(diskReason(failed("EACCES", { path: "/x" })), /^\/x cannot be written, as this user/);
});
