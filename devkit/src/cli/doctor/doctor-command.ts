// What `samspel doctor` does.
import { examine, type Finding } from "../../doctor/index.ts";
import { resolveColors, type Colors } from "../../report/index.ts";
import { projectFolder } from "../system/find-system.ts";
import type { DoctorOptions } from "./index.ts";

export async function doctor({ project, json }: DoctorOptions): Promise<number> {
  const colors = resolveColors(process.stdout);
  let problems = 0;
  for await (const finding of examine(project ?? (await projectFolder(undefined)))) {
    if (finding.state === "problem") problems += 1;
    if (json) console.log(JSON.stringify(finding));
    else for (const line of linesOf(finding, colors)) console.log(line);
  }
  if (!json && problems > 0) console.log(problems === 1 ? "\n1 problem" : `\n${problems} problems`);
  return problems === 0 ? 0 : 1;
}

function linesOf({ what, state, found, fix }: Finding, colors: Colors): readonly string[] {
  const mark = { ok: colors.green("✔"), warning: colors.yellow("!"), problem: colors.red("✘") }[state];
  return [`${mark} ${what}: ${found}`, ...(fix === "" ? [] : [`    ${fix}`])];
}
