// `samspel subscriptions`: how far they are, and pause, resume, reset.
import { Command, Option } from "commander";
import type { BackofficeClient } from "./connect.ts";
import type { Run } from "./run.ts";
import { commandOf, forService, type ServiceOptions } from "./service-options.ts";
import { UsageError } from "./usage-error.ts";

interface Named extends ServiceOptions {
  readonly topic?: string;
}

const topicOption = (): Option =>
  new Option("--topic <name>", "the topic, where the group subscribes to several");

export function subscriptionsCommand(run: Run): Command {
  const subscriptions = new Command("subscriptions")
    .description("the subscriptions of a service: how far they are; pause, resume and reset them")
    .exitOverride();
  subscriptions.addCommand(listCommand(run), { isDefault: true });
  subscriptions.addCommand(pauseCommand(run));
  subscriptions.addCommand(resumeCommand(run));
  subscriptions.addCommand(resetCommand(run));
  return subscriptions;
}

function listCommand(run: Run): Command {
  return forService(commandOf("list"))
    .description("how far each is, and what waits to be tried again")
    .addOption(new Option("--parts", "show who has which partition").default(false))
    .action((options: ServiceOptions & { readonly parts: boolean }) =>
      run(options, async ({ client, printer }) => {
        const [texts, { ListSubscriptionsResponseSchema }] = await Promise.all([
          import("./texts.ts"),
          import("@samspel/runtime/gen/samspel/v1/backoffice_pb.js"),
        ]);
        const answer = await client.listSubscriptions({});
        printer.answer(ListSubscriptionsResponseSchema, answer, () => {
          const { subscriptions } = answer;
          if (options.parts) {
            const rows = subscriptions.flatMap(({ group, parts }) => texts.partRows(group, parts));
            return printer.table(texts.partHeading, rows, "no instance has begun a subscription yet");
          }
          printer.table(
            ["group", "topic", "state", "behind", "dead letters", "runs on"],
            subscriptions.map(({ group, topic, state, lag, deadLetters, parts }) => [
              group,
              topic,
              texts.stateText(state),
              texts.lagText(lag),
              String(deadLetters),
              texts.ownersText(parts),
            ]),
            "this service has no subscriptions",
          );
          const waiting = subscriptions.flatMap((subscription) =>
            subscription.waiting.map(({ key, sequence, attempts, error }) => [
              subscription.group,
              key,
              String(sequence),
              String(attempts),
              texts.shortText(error),
            ]),
          );
          if (waiting.length === 0) return;
          printer.line("");
          printer.table(["group", "waiting key", "message", "attempts", "error"], waiting, "");
        });
      }),
    );
}

function pauseCommand(run: Run): Command {
  return forService(commandOf("pause <group>"))
    .description("stop it on all instances until it is resumed")
    .addOption(topicOption())
    .action((group: string, options: Named) =>
      run(options, async ({ client, printer }) => {
        const topic = await topicOf(client, group, options);
        await client.pauseSubscription({ topic, group });
        printer.line(`${group} of ${topic} is paused`);
      }),
    );
}

function resumeCommand(run: Run): Command {
  return forService(commandOf("resume <group>"))
    .description("let it go on where it stood")
    .addOption(topicOption())
    .action((group: string, options: Named) =>
      run(options, async ({ client, printer }) => {
        const topic = await topicOf(client, group, options);
        await client.resumeSubscription({ topic, group });
        printer.line(`${group} of ${topic} goes on`);
      }),
    );
}

function resetCommand(run: Run): Command {
  return forService(commandOf("reset <group>"))
    .description("set it back or forward: its handler gets again, or never, what lies between")
    .addOption(topicOption())
    .requiredOption("--to <where>", "beginning, end, a time, or the number of a message in the stream")
    .addOption(new Option("--yes", "do not ask").default(false))
    .action((group: string, options: Named & { readonly to: string; readonly yes: boolean }) =>
      run(options, async ({ client, printer }) => {
        const [{ confirm }, { whereTo }] = await Promise.all([
          import("./confirm.ts"),
          import("./where-to.ts"),
        ]);
        const to = whereTo(options.to);
        const topic = await topicOf(client, group, options);
        await confirm(`Reset ${group} of ${topic} to ${options.to}?`, options);
        await client.resetSubscription({
          topic,
          group,
          to: to.case === "place" ? { case: "sequence", value: sequenceOf(to.value) } : to,
        });
        printer.line(`${group} of ${topic} goes on from ${options.to}`);
      }),
    );
}

function sequenceOf(place: string): bigint {
  if (/^\d+$/.test(place)) return BigInt(place);
  throw new UsageError(`--to must be the number of a message in the stream: current value is "${place}"`);
}

async function topicOf(client: BackofficeClient, group: string, { topic }: Named): Promise<string> {
  if (topic !== undefined) return topic;
  const { subscriptions } = await client.listSubscriptions({ group });
  const [only, second] = subscriptions;
  if (only === undefined) throw new UsageError(`This service has no subscription of group ${group}`);
  if (second === undefined) return only.topic;
  throw new UsageError(
    `Group ${group} subscribes to several topics: give --topic, one of ${subscriptions.map((each) => each.topic).join(", ")}`,
  );
}
