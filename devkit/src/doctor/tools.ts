// The programs that a project needs: Node, buf, and what its services are built and run with.
import { join } from "node:path";
import type { Project, ServiceDefinition } from "../config/index.ts";
import { runProgram } from "../generate/index.ts";
import { ok, problem, warning, type Finding } from "./finding.ts";

interface ToolFacts {
  readonly title: string;
  readonly command: readonly [string, ...string[]];
  /** The oldest that will do. */
  readonly atLeast: readonly [major: number, minor: number];
  readonly fix: string;
}

const oldestNode = [24, 12] as const;

/** By the program that a service's `build` or `command` begins with. */
const toolsOf: Readonly<Record<string, ToolFacts>> = {
  go: { title: "Go", command: ["go", "version"], atLeast: [1, 26], fix: "install it from https://go.dev/dl" },
  cargo: {
    title: "Rust",
    command: ["cargo", "--version"],
    atLeast: [1, 88],
    fix: "install it with rustup (https://rustup.rs): `rustup update`",
  },
  mvn: {
    title: "Maven",
    command: ["mvn", "--version"],
    atLeast: [3, 8],
    fix: "install it from https://maven.apache.org",
  },
  java: {
    title: "Java",
    command: ["java", "-version"],
    atLeast: [17, 0],
    fix: "install a JDK 17 or newer, such as Temurin (https://adoptium.net)",
  },
  python: {
    title: "Python",
    command: ["python3", "--version"],
    atLeast: [3, 9],
    fix: "install it from https://python.org",
  },
};

export function checkNode(version: string = process.versions.node): Finding {
  return isRecent(version, oldestNode)
    ? ok("Node", version)
    : problem(
        "Node",
        `${version}, and ${oldestNode.join(".")} is needed`,
        "install it from https://nodejs.org",
      );
}

export async function checkBuf(dir: string): Promise<Finding> {
  const { code, output } = await runProgram(["buf", "--version"], dir);
  return code === 0
    ? ok("buf", output.trim())
    : warning("buf", "missing: no code can be generated", "npm install --save-dev @bufbuild/buf");
}

/** Those that the project's services need, once each. */
export async function checkLanguageTools(project: Project): Promise<readonly Finding[]> {
  const users = Map.groupBy(
    project.services.flatMap((service) =>
      programsOf(service).map((program) => ({ program, name: service.name })),
    ),
    ({ program }) => program,
  );
  const findings: Finding[] = [];
  for (const [program, services] of users) {
    const tool = toolsOf[program];
    if (tool === undefined) continue;
    const names = [...new Set(services.map(({ name }) => name))].join(", ");
    findings.push(await checkTool(tool, `for ${names}`, project.dir));
  }
  return findings;
}

async function checkTool(
  { title, command, atLeast, fix }: ToolFacts,
  use: string,
  dir: string,
): Promise<Finding> {
  const { code, output } = await runProgram(command, dir);
  const what = `${title} ${use}`;
  if (code !== 0) return problem(what, "missing", fix);
  const version = /\d+\.\d+(\.\d+)?/.exec(output)?.[0];
  if (version === undefined) return warning(what, `it does not tell its version: ${output.trim()}`, fix);
  return isRecent(version, atLeast)
    ? ok(what, version)
    : problem(what, `${version}, and ${atLeast.join(".")} is needed`, fix);
}

function programsOf({ command, build, python }: ServiceDefinition): readonly string[] {
  const [first = ""] = build ?? [];
  return [command[0], first, ...(python === undefined ? [] : ["python"])].map((program) =>
    program.replace(/^python3$/, "python"),
  );
}

function isRecent(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** Whether a project's packages are there. */
export async function checkPackages(dir: string): Promise<Finding> {
  const { code, output } = await runProgram(["npm", "ls", "--depth=0", "--json"], dir);
  if (code === 0) return ok("npm packages", "installed");
  const first = /"(?:missing|invalid): [^"]+"/.exec(output)?.[0] ?? "not as package.json has them";
  return problem("npm packages", first.replaceAll('"', ""), `npm install, in ${join(dir)}`);
}
