// `samspel leases`: who does which work of a service now.
import type { Command } from "commander";
import type { Run } from "./run.ts";
import { commandOf, forService, type ServiceOptions } from "./service-options.ts";

export function leasesCommand(run: Run): Command {
  return forService(commandOf("leases"))
    .description("who does which work of a service now")
    .action((options: ServiceOptions) =>
      run(options, async ({ client, printer }) => {
        const [texts, { ListLeasesResponseSchema }] = await Promise.all([
          import("./texts.ts"),
          import("@samspel/runtime/gen/samspel/v1/backoffice_pb.js"),
        ]);
        const answer = await client.listLeases({});
        printer.answer(ListLeasesResponseSchema, answer, () =>
          printer.table(
            ["work", "range", "owner", "epoch", "expires in"],
            answer.leases.map(({ work, range, owner, epoch, expiresIn }) => [
              work,
              String(range),
              owner,
              String(epoch),
              expiresIn === undefined ? "" : texts.ageText(expiresIn),
            ]),
            "nobody holds a lease now",
          ),
        );
      }),
    );
}
