// `samspel dead-letters`: what the handlers of a service gave up: list, show, replay, drop.
import { Command, InvalidArgumentError, Option } from "commander";
import type { DeadLetter, ReplayDeadLettersResponse } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import type { BackofficeClient } from "./connect.ts";
import type { Printer } from "./printer.ts";
import type { ExitCode, Run } from "./run.ts";
import { commandOf, forService, type ServiceOptions } from "./service-options.ts";
import { UsageError } from "./usage-error.ts";

interface Filter extends ServiceOptions {
  readonly group?: string;
  readonly topic?: string;
}

interface Many extends Filter {
  readonly all: boolean;
  readonly yes: boolean;
}

/** A handler may take its time. */
const replayTimeoutMs = 95_000;

export function deadLettersCommand(run: Run): Command {
  const deadLetters = new Command("dead-letters")
    .description("the messages that handlers of a service gave up: list, show, replay and drop them")
    .exitOverride();
  deadLetters.addCommand(listCommand(run), { isDefault: true });
  deadLetters.addCommand(showCommand(run));
  deadLetters.addCommand(replayCommand(run));
  deadLetters.addCommand(dropCommand(run));
  return deadLetters;
}

function withFilter(command: Command): Command {
  return command
    .option("--group <name>", "only of this group")
    .option("--topic <name>", "only of this topic");
}

function listCommand(run: Run): Command {
  return withFilter(forService(commandOf("list")))
    .description("the oldest first")
    .addOption(new Option("--limit <n>", "at most so many").argParser(positive).default(100))
    .action((options: Filter & { readonly limit: number }) =>
      run(options, async ({ client, printer }) => {
        const [texts, { toJsonString }, { DeadLetterSchema }] = await Promise.all([
          import("./texts.ts"),
          import("@bufbuild/protobuf"),
          import("@samspel/runtime/gen/samspel/v1/backoffice_pb.js"),
        ]);
        const { letters, more } = await collect(client, options);
        if (options.json) {
          for (const letter of letters) printer.line(toJsonString(DeadLetterSchema, letter));
          return;
        }
        printer.table(
          ["id", "group", "topic", "key", "attempts", "parked at", "error"],
          letters.map(({ id, group, topic, key, attempts, parkedAt, error }) => [
            id,
            group,
            topic,
            key,
            String(attempts),
            texts.timeText(parkedAt),
            texts.shortText(error),
          ]),
          "no dead letters",
        );
        if (more) printer.line(`more than ${options.limit}: give --limit`);
      }),
    );
}

async function collect(
  client: BackofficeClient,
  { group = "", topic = "", limit }: Filter & { readonly limit: number },
): Promise<{ readonly letters: readonly DeadLetter[]; readonly more: boolean }> {
  const letters: DeadLetter[] = [];
  let pageToken = "";
  do {
    const page = await client.listDeadLetters({
      group,
      topic,
      pageToken,
      limit: Math.min(1_000, limit - letters.length),
    });
    letters.push(...page.deadLetters);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && letters.length < limit);
  return { letters, more: pageToken !== "" };
}

function showCommand(run: Run): Command {
  return forService(commandOf("show <id>"))
    .description("all that is known about one, with its message")
    .action((id: string, options: ServiceOptions) =>
      run(options, async ({ client, printer }) => {
        const [texts, { GetDeadLetterResponseSchema }] = await Promise.all([
          import("./texts.ts"),
          import("@samspel/runtime/gen/samspel/v1/backoffice_pb.js"),
        ]);
        const answer = await client.getDeadLetter({ id });
        printer.answer(GetDeadLetterResponseSchema, answer, () => {
          const { deadLetter: letter, message, problem, headers, history, body } = answer;
          if (letter === undefined) return;
          printer.line(`dead letter ${letter.id} of group ${letter.group}, topic ${letter.topic}`);
          printer.line(`  message: ${letter.messageId} (${letter.messageType}), key ${letter.key}`);
          printer.line(`  parked at ${texts.timeText(letter.parkedAt)} after ${letter.attempts} attempts`);
          printer.line(`  error: ${letter.error}`);
          for (const { time, error } of history) printer.line(`    ${texts.timeText(time)}  ${error}`);
          for (const [name, value] of Object.entries(headers)) printer.line(`  ${name}: ${value}`);
          if (message === undefined) printer.line(`${problem} (${body.length} bytes)`);
          else printer.line(JSON.stringify(message, undefined, 2));
        });
      }),
    );
}

function replayCommand(run: Run): Command {
  return withFilter(forService(commandOf("replay [ids...]")))
    .description("give them to their handler again; each is gone once that succeeds")
    .addOption(new Option("--all", "all of --group that there are now, the oldest first").default(false))
    .action((ids: readonly string[], options: Many) =>
      run(options, async ({ client, printer }) => {
        if (options.all) return replayAll(client, printer, options, requireGroup(ids, options));
        let failed = 0;
        for (const id of requireIds(ids)) {
          const { error } = await client.replayDeadLetter({ id }, { timeoutMs: replayTimeoutMs });
          if (error !== "") failed += 1;
          if (options.json) printer.line(JSON.stringify({ id, error }));
          else printer.line(error === "" ? `${id}: handled` : `${id}: failed again: ${error}`);
        }
        return failed === 0 ? 0 : 1;
      }),
    );
}

async function replayAll(
  client: BackofficeClient,
  printer: Printer,
  { topic = "", json }: Many,
  group: string,
): Promise<ExitCode> {
  const { ReplayDeadLettersResponseSchema } =
    await import("@samspel/runtime/gen/samspel/v1/backoffice_pb.js");
  let last: ReplayDeadLettersResponse | undefined;
  for await (const step of client.replayDeadLetters({ group, topic }, { timeoutMs: 0 })) {
    last = step;
    printer.answer(ReplayDeadLettersResponseSchema, step, () => {
      if (step.error !== "") printer.line(`${step.id}: failed again: ${step.error}`);
      printer.progress(`${step.succeeded + step.failed} of ${step.total}, ${step.failed} failed again`);
    });
  }
  if (!json)
    printer.line(
      last === undefined ? "no dead letters" : `${last.succeeded} handled, ${last.failed} failed again`,
    );
  return (last?.failed ?? 0n) === 0n ? 0 : 1;
}

function dropCommand(run: Run): Command {
  return withFilter(forService(commandOf("drop [ids...]")))
    .description("delete them: nobody will ever handle these messages")
    .addOption(new Option("--all", "all of --group that there are now").default(false))
    .addOption(new Option("--yes", "do not ask").default(false))
    .action((ids: readonly string[], options: Many) =>
      run(options, async ({ client, printer }) => {
        const { confirm } = await import("./confirm.ts");
        if (options.all) {
          const group = requireGroup(ids, options);
          const { topic = "" } = options;
          await confirm(
            `Drop all dead letters of group ${group}${topic === "" ? "" : ` in ${topic}`}?`,
            options,
          );
          const { dropped } = await client.dropDeadLetters({ group, topic });
          return printer.line(`${dropped} dropped`);
        }
        const wanted = requireIds(ids);
        await confirm(
          `Drop ${wanted.length === 1 ? `dead letter ${ids[0]}` : `${ids.length} dead letters`}?`,
          options,
        );
        for (const id of wanted) {
          await client.dropDeadLetter({ id });
          printer.line(`${id}: dropped`);
        }
      }),
    );
}

function requireIds(ids: readonly string[]): readonly string[] {
  if (ids.length > 0) return ids;
  throw new UsageError("Which dead letters? Give their ids, or --all --group <name>");
}

function requireGroup(ids: readonly string[], { group }: Filter): string {
  if (ids.length > 0) throw new UsageError("Give ids or --all, not both");
  if (group !== undefined) return group;
  throw new UsageError("--all needs --group <name>");
}

function positive(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("It must be a positive integer.");
}
