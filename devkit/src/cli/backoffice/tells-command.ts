// `samspel tells`: what is on its way to a service's methods, and what became of one.
import { Command } from "commander";
import type { Run } from "./run.ts";
import { commandOf, forService, type ServiceOptions } from "./service-options.ts";

export function tellsCommand(run: Run): Command {
  const tells = new Command("tells")
    .description("the tells to a service: what is on its way, what waits in its outbox, what became of one")
    .exitOverride();
  tells.addCommand(listCommand(run), { isDefault: true });
  tells.addCommand(showCommand(run));
  return tells;
}

function listCommand(run: Run): Command {
  return forService(commandOf("list"))
    .description("what is still to be handled, by proto service; and what waits in the outbox")
    .action((options: ServiceOptions) =>
      run(options, async ({ client, printer }) => {
        const [texts, { toJson }, { GetOutboxResponseSchema, ListTellsResponseSchema }] = await Promise.all([
          import("./texts.ts"),
          import("@bufbuild/protobuf"),
          import("@samspel/runtime/gen/samspel/v1/backoffice_pb.js"),
        ]);
        const [tells, outbox] = await Promise.all([client.listTells({}), client.getOutbox({})]);
        if (options.json) {
          const answer = {
            tells: toJson(ListTellsResponseSchema, tells),
            outbox: toJson(GetOutboxResponseSchema, outbox),
          };
          return printer.line(JSON.stringify(answer));
        }
        printer.table(
          ["told service", "behind", "waiting", "dead letters", "runs on"],
          tells.queues.map(({ service, lag, waiting, deadLetters, parts }) => [
            service,
            texts.lagText(lag),
            String(waiting.length),
            String(deadLetters),
            texts.ownersText(parts),
          ]),
          "no proto service of this service can be told",
        );
        if (outbox.streams.length === 0) return printer.line("the outbox is empty");
        printer.line("");
        printer.table(
          ["in the outbox, to stream", "due", "oldest", "wait for their time"],
          outbox.streams.map(({ stream, due, oldestAge, delayed }) => [
            stream,
            String(due),
            oldestAge === undefined ? "–" : texts.ageText(oldestAge),
            String(delayed),
          ]),
          "",
        );
      }),
    );
}

function showCommand(run: Run): Command {
  return forService(commandOf("show <token>"))
    .description("what became of a tell, by the token of its receipt")
    .action((token: string, options: ServiceOptions) =>
      run(options, async ({ client, printer }) => {
        const { GetTellResponse_State: State, GetTellResponseSchema } =
          await import("@samspel/runtime/gen/samspel/v1/backoffice_pb.js");
        const texts = await import("./texts.ts");
        const answer = await client.getTell({ token });
        printer.answer(GetTellResponseSchema, answer, () => {
          const { state, service, method, id, reply, error, deadLetterId } = answer;
          printer.line(texts.enumText(State, state));
          for (const [name, value] of [
            ["method", service === "" ? "" : `${service}/${method}`],
            ["id", id],
            ["reply", reply === undefined ? "" : JSON.stringify(reply)],
            ["error", error],
            ["dead letter", deadLetterId],
          ] as const) {
            if (value !== "") printer.line(`  ${name}: ${value}`);
          }
        });
      }),
    );
}
