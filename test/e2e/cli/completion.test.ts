// The completion scripts, as shells take them.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { chmodSync } from "node:fs";
import t from "tap";
import { root, samspel, samspelHere } from "./run-cli.ts";

t.test("bash completes words, and adds no space after what goes on", async (t) => {
  const script = (await samspel(["completion", "bash"])).out;
  const bin = t.testdir({
    samspel: `#!/bin/sh\nexec "${process.execPath}" --conditions=samspel-source "${join(root, "devkit/src/cli/main.ts")}" "$@"\n`,
  });
  chmodSync(join(bin, "samspel"), 0o755);
  const complete = (...words: readonly string[]): string => {
    const line = ["samspel", ...words].map((word) => `'${word}'`).join(" ");
    const run = `${script}\ncompopt() { echo "compopt" "$@"; }\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _samspel; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return spawnSync("bash", ["-c", run], {
      encoding: "utf8",
      env: { PATH: `${bin}:${process.env["PATH"]}`, CONSUL_HTTP_ADDR: "http://127.0.0.1:1" },
    }).stdout;
  };
  t.equal(complete("ta"), "tail\n");
  t.equal(complete("entity", ""), "ls\nhistory\nshow\n");
  t.equal(complete("new", "service", "x", "--lang", "ru"), "rust\n");
  t.match(
    complete("journal", "check", "--descriptors", ""),
    /^compopt -o default/,
    "files where nothing else is known",
  );
});

t.test("each shell has its script, and others are refused", async (t) => {
  for (const shell of ["bash", "zsh", "fish"]) {
    t.match(await samspelHere(["completion", shell], {}), { code: 0, out: /samspel complete -- / });
  }
  t.match(await samspel(["completion", "powershell"]), {
    code: 2,
    err: /Allowed choices are bash, zsh, fish/,
  });
});

for (const shell of ["zsh", "fish"]) {
  const there = spawnSync(shell, ["--version"]).status === 0;
  t.test(`${shell} can read its script`, { skip: there ? false : `${shell} is not installed` }, async (t) => {
    const { out } = await samspel(["completion", shell]);
    t.equal(spawnSync(shell, ["-n"], { input: out }).status, 0);
  });
}
