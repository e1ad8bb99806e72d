// The ports of a project's services: free, or taken by whom.
import type { Project } from "../config/index.ts";
import { assignPorts } from "../dev/service-ports.ts";
import { DevError } from "../dev/dev-error.ts";
import { usualPort } from "../infra/choose-port.ts";
import { portAnswers } from "../join/probe.ts";
import { join } from "node:path";
import { ok, problem, type Finding } from "./finding.ts";

const loopback = "127.0.0.1";

export async function checkPorts(project: Project): Promise<Finding> {
  const registry = usualPort("registry", join(project.dir, ".samspel/data"));
  if (await portAnswers(loopback, registry)) return ok("ports", "the system runs: its registry answers");
  try {
    const ports = await assignPorts(project, "stable", loopback);
    return ok("ports", [...ports].map(([name, port]) => `${name} ${port}`).join(", "));
  } catch (error) {
    if (!(error instanceof DevError)) throw error;
    return problem(
      "ports",
      error.message,
      "stop what listens there, or give the service another port in samspel.json",
    );
  }
}
