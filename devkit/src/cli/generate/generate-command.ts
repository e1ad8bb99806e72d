// What `samspel generate` does.
import { loadProject } from "../../config/index.ts";
import { generateProject, type PartResult } from "../../generate/index.ts";
import { lineReporter } from "../../infra/reporter.ts";
import { UsageError } from "../backoffice/usage-error.ts";
import { projectFolder } from "../system/find-system.ts";
import { explainFailure } from "../system/run.ts";
import type { GenerateOptions } from "./index.ts";

export async function generate(options: GenerateOptions): Promise<number> {
  try {
    const place = options.project ?? (await projectFolder(undefined));
    if (place === undefined)
      throw new UsageError(
        "No samspel.json is here, or in a folder above: go to a project, or give --project",
      );
    const reporter = lineReporter((line) => console.error(line));
    const results = await generateProject({
      project: await loadProject(place),
      lint: options.lint,
      service: options.service,
      against: options.breaking ? options.against : undefined,
      onPart: (part) => {
        if (options.json) return (result) => console.log(JSON.stringify(result));
        const step = reporter.step(part);
        return (result) => show(step, result);
      },
    });
    return results.some(({ type }) => type === "failed") ? 1 : 0;
  } catch (error) {
    return explainFailure(error);
  }
}

function show(step: ReturnType<ReturnType<typeof lineReporter>["step"]>, { type, text }: PartResult): void {
  if (type === "done") step.done("done");
  else if (type === "skipped") step.done(`skipped: ${text}`);
  else {
    step.fail("failed");
    console.error(text);
  }
}
