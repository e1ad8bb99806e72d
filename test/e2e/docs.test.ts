// The commands in the pages do what the pages say. All `<!-- run -->` blocks run in order, page by page, against the
// example system; the ports that the pages show are those that `samspel dev` gives its services, and stand for the
// ports of this run.
//
//   <!-- run -->                once
//   <!-- run: eventually -->    until it prints what the page shows, as the services agree in the end, not at once
//   <!-- run: if psql -->       where the machine has psql; eventually, too
//
// The text block with <!-- output --> behind it is what is printed, blanks aside; `…` stands for anything.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import t from "tap";
import { stablePort } from "../../devkit/src/process/index.ts";
import { commandsOf, readPages, root, type Block } from "../docs/pages.ts";
import { startShop } from "../support/system.ts";
import { until } from "../support/until.ts";

const run = promisify(execFile);

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
  const source = words.map((word) => word.split("…").map(RegExp.escape).join(".*?")).join("\\s*");
  return new RegExp(`^\\s*${source}\\s*$`, "s");
}

async function installed(command: string): Promise<boolean> {
  return run("which", [command]).then(
    () => true,
    () => false,
  );
}

t.test("pattern() takes other blanks and anything for …, and nothing else", async (t) => {
  t.match('{"items":{"apple":2}}\n', pattern('{ "items": { "apple": … } }'));
  t.notMatch('{"items":{"apple":2}}', pattern('{"items":{"pear":2}}'));
  t.notMatch("one two three", pattern("one two"));
});

t.test("the commands of the pages print what the pages show", { timeout: 120_000 }, async (t) => {
  const dev = await startShop(t);
  const ports = new Map(dev.services.map(({ name, port }) => [stablePort(`shopping-cart/${name}`), port]));
  const here = (text: string): string =>
    text.replaceAll(/127\.0\.0\.1:(\d+)/g, (url, port: string) => {
      const actual = ports.get(Number(port));
      return actual === undefined ? url : `127.0.0.1:${actual}`;
    });
  const env = { ...process.env, DATABASE_URL: dev.infra.databaseUrl, NATS_URL: dev.infra.natsUrl };
  const execute = async ({ block }: Step): Promise<string> => {
    const script = here(commandsOf(block).join("\n"));
    const { stdout } = await run("bash", ["-euo", "pipefail", "-c", script], {
      cwd: root,
      env,
      timeout: 30_000,
    });
    return stdout;
  };

  t.ok(steps.length > 0);
  for (const step of steps) {
    const { block, expected } = step;
    const [, tool] = /^if (\S+)$/.exec(block.marker?.value ?? "") ?? [];
    const skip = tool !== undefined && !(await installed(tool)) ? `there is no ${tool}` : false;
    await t.test(block.at, { skip }, async (t) => {
      const wanted = expected && pattern(here(expected.lines.join("\n")));
      let printed = await execute(step);
      if (wanted === undefined) return;
      if (block.marker?.value !== "") {
        await until(`the commands print what ${block.at} shows`, async () => {
          if (wanted.test(printed)) return true;
          printed = await execute(step);
          return wanted.test(printed);
        }).catch(() => undefined);
      }
      t.match(printed, wanted);
    });
  }
});
