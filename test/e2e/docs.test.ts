// The commands in the pages do what the pages say. All `<!-- run -->` blocks run in order, page by page, against the
// example system; the ports that the pages show are those that `samspel dev` gives its services, and stand for the
// ports of this run.
//
//   <!-- run -->                once
//   <!-- run: eventually -->    until it prints what the page shows, as the services agree in the end, not at once
//   <!-- run: until it prints --> a stream without an end, ended when it has printed that
//   <!-- run: if psql -->       where the machine has psql; eventually, too
//
// The text block with <!-- output --> behind it is what is printed, blanks aside; `…` stands for anything.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import t from "tap";
import { stablePort } from "../../devkit/src/process/index.ts";
import { commandsOf, readPages, root, type Block } from "../docs/pages.ts";
import { withGrpcurl } from "../support/grpcurl.ts";
import { startShop } from "../support/system.ts";
import { until } from "../support/until.ts";

interface Step {
  readonly block: Block;
  readonly expected: Block | undefined;
}

const steps: readonly Step[] = readPages().flatMap(({ blocks }) =>
  blocks.flatMap((block, index) => {
    if (block.marker?.kind !== "run") return [];
    const next = blocks[index + 1];
    return [{ block, expected: next?.marker?.kind === "output" ? next : undefined }];
  }),
);

/** What the page shows as a pattern: the same words with any blanks between them, and anything for `…`. */
function pattern(text: string): RegExp {
  const words = text.trim().split(/\s+/);
  const source = words.map((word) => word.split("…").map(escape).join(".*?")).join("\\s*");
  return new RegExp(`^\\s*${source}\\s*$`, "s");
}

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

async function installed(command: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return promisify(execFile)("which", [command], { env }).then(
    () => true,
    () => false,
  );
}

t.test("pattern() takes other blanks and anything for …, and nothing else", async (t) => {
  t.match('{"items":{"apple":2}}\n', pattern('{ "items": { "apple": … } }'));
  t.notMatch('{"items":{"apple":2}}', pattern('{"items":{"pear":2}}'));
  t.notMatch("one two three", pattern("one two"));
});

// On a fresh clone the packages of the Python service are installed first.
t.test("the commands of the pages print what the pages show", { timeout: 180_000 }, async (t) => {
  const dev = await startShop(t);
  const ports = new Map(dev.services.map(({ name, port }) => [stablePort(`shopping-cart/${name}`), port]));
  const here = (text: string): string =>
    text.replaceAll(/127\.0\.0\.1:(\d+)/g, (url, port: string) => {
      const actual = ports.get(Number(port));
      return actual === undefined ? url : `127.0.0.1:${actual}`;
    });
  const env = { ...(await withGrpcurl()), DATABASE_URL: dev.infra.databaseUrl };

  t.ok(steps.length > 0);
  for (const { block, expected } of steps) {
    const how = block.marker?.value ?? "";
    const tool = /^if (\S+)$/.exec(how)?.[1];
    const skip = tool !== undefined && !(await installed(tool, env)) ? `there is no ${tool}` : false;
    await t.test(block.at, { skip }, async (t) => {
      const wanted = pattern(here(expected?.lines.join("\n") ?? "…"));
      const execute = (): Promise<string> =>
        runScript(here(commandsOf(block).join("\n")), {
          env,
          enough: how === "until it prints" ? (printed) => wanted.test(printed) : () => false,
        });
      let printed = await execute();
      if (how !== "") {
        await until(`the commands print what ${block.at} shows`, async () => {
          if (!wanted.test(printed)) printed = await execute();
          return wanted.test(printed);
        }).catch(() => {});
      }
      t.match(printed, wanted);
    });
  }
});

interface ScriptOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Whether what was printed will do: then a script that still runs is ended. */
  readonly enough: (printed: string) => boolean;
}

/** Runs a script to its end, for 30 s at the most, and gives what it printed; it fails where a command fails. */
async function runScript(script: string, { env, enough }: ScriptOptions): Promise<string> {
  // A process group of its own, as npx would leave its child behind.
  const child = spawn("bash", ["-euo", "pipefail", "-c", script], { cwd: root, env, detached: true });
  const end = (): void => void (child.pid !== undefined && process.kill(-child.pid, "SIGTERM"));
  const timer = setTimeout(end, 30_000);
  let printed = "";
  let complaint = "";
  let ended = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    if (ended || !enough(printed)) return;
    ended = true;
    end();
  });
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  if (code !== 0 && !ended) throw new Error(`${script}\nended with ${code}:\n${complaint}${printed}`);
  return printed;
}
