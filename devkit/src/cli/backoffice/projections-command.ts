// `samspel projections`: how far they are; pause, resume, reset, rebuild; and the events that they could not apply.
import { Command, Option } from "commander";
import type { Run } from "./run.ts";
import { commandOf, forService, type ServiceOptions } from "./service-options.ts";
import { UsageError } from "./usage-error.ts";

export function projectionsCommand(run: Run): Command {
  const projections = new Command("projections")
    .description(
      "the projections of a service: how far they are; steer them, and mend what they could not apply",
    )
    .exitOverride();
  projections.addCommand(listCommand(run), { isDefault: true });
  projections.addCommand(
    steerCommand(run, "pause", {
      description: "stop it on all instances until it is resumed",
      done: "is paused",
      work: (client, name) => client.pauseProjection({ name }),
    }),
  );
  projections.addCommand(
    steerCommand(run, "resume", {
      description: "let it go on where it stood",
      done: "goes on",
      work: (client, name) => client.resumeProjection({ name }),
    }),
  );
  projections.addCommand(
    steerCommand(run, "rebuild", {
      description: "make its tables anew, beside those that serve until then",
      done: "is being rebuilt: `samspel projections list` shows how far it is",
      work: (client, name) => client.rebuildProjection({ name }),
    }),
  );
  projections.addCommand(resetCommand(run));
  projections.addCommand(parkedCommand(run));
  projections.addCommand(retryCommand(run));
  projections.addCommand(dropCommand(run));
  return projections;
}

function listCommand(run: Run): Command {
  return forService(commandOf("list"))
    .description("how far each is, and what it could not apply")
    .addOption(new Option("--parts", "show who has which range of entities").default(false))
    .action((options: ServiceOptions & { readonly parts: boolean }) =>
      run(options, async ({ client, printer }) => {
        const [texts, { ListProjectionsResponseSchema }] = await Promise.all([
          import("./texts.ts"),
          import("@samspel/runtime/gen/samspel/v1/backoffice_pb.js"),
        ]);
        const answer = await client.listProjections({});
        printer.answer(ListProjectionsResponseSchema, answer, () => {
          const rows = answer.projections.flatMap(({ name, state, builds }) => {
            if (builds.length === 0) return [[name, texts.stateText(state), "–", "–", "–", "–", "–"]];
            if (options.parts)
              return builds.flatMap((build) => texts.partRows(`${name} ${build.version}`, build.parts));
            return builds.map((build) => [
              name,
              build.serving ? texts.stateText(state) : "building",
              String(build.version),
              texts.lagText(build.lag),
              `${build.eventsPerSecond}/s`,
              build.blocked === 0n ? String(build.parked) : `${build.parked}, blocked by ${build.blocked}`,
              texts.ownersText(build.parts),
            ]);
          });
          const heading = options.parts
            ? texts.partHeading
            : ["projection", "state", "version", "behind", "speed", "parked", "runs on"];
          printer.table(heading, rows, "this service has no projections");
        });
      }),
    );
}

type Client = Parameters<Parameters<Run>[1]>[0]["client"];

function steerCommand(
  run: Run,
  verb: string,
  {
    description,
    done,
    work,
  }: {
    readonly description: string;
    readonly done: string;
    readonly work: (client: Client, name: string) => Promise<unknown>;
  },
): Command {
  return forService(commandOf(`${verb} <projection>`))
    .description(description)
    .action((name: string, options: ServiceOptions) =>
      run(options, async ({ client, printer }) => {
        await work(client, name);
        printer.line(`${name} ${done}`);
      }),
    );
}

function resetCommand(run: Run): Command {
  return forService(commandOf("reset <projection>"))
    .description("set its place in the journal; its tables stay as they are")
    .requiredOption("--to <where>", "beginning, a time, or a place in the journal such as 7421-13")
    .addOption(new Option("--yes", "do not ask").default(false))
    .action((name: string, options: ServiceOptions & { readonly to: string; readonly yes: boolean }) =>
      run(options, async ({ client, printer }) => {
        const [{ confirm }, { whereTo }] = await Promise.all([
          import("./confirm.ts"),
          import("./where-to.ts"),
        ]);
        const to = whereTo(options.to);
        if (to.case === "end")
          throw new UsageError("--to must be beginning, a time or a place in the journal");
        await confirm(`Reset projection ${name} to ${options.to}? Its tables stay as they are.`, options);
        await client.resetProjection({
          name,
          to:
            to.case === "place"
              ? { case: "position", value: to.value }
              : to.case === "time"
                ? to
                : { case: "beginning", value: true },
        });
        printer.line(`${name} goes on from ${options.to}`);
      }),
    );
}

function parkedCommand(run: Run): Command {
  return forService(commandOf("parked <projection>"))
    .description("the events that it could not apply")
    .action((projection: string, options: ServiceOptions) =>
      run(options, async ({ client, printer }) => {
        const [texts, { toJsonString }, { ParkedEventSchema }] = await Promise.all([
          import("./texts.ts"),
          import("@bufbuild/protobuf"),
          import("@samspel/runtime/gen/samspel/v1/backoffice_pb.js"),
        ]);
        const rows: (readonly string[])[] = [];
        let pageToken = "";
        do {
          const page = await client.listParkedEvents({ projection, pageToken, limit: 1_000 });
          for (const event of page.parkedEvents) {
            if (options.json) printer.line(toJsonString(ParkedEventSchema, event));
            rows.push([
              event.id,
              event.blocked ? "blocks" : event.retryAsked ? "retry asked" : "parked",
              String(event.attempts),
              texts.timeText(event.failedAt),
              texts.shortText(event.error),
            ]);
          }
          pageToken = page.nextPageToken;
        } while (pageToken !== "");
        if (!options.json)
          printer.table(["id", "state", "attempts", "failed at", "error"], rows, "no parked events");
      }),
    );
}

interface Events extends ServiceOptions {
  readonly all: boolean;
  readonly yes: boolean;
}

function retryCommand(run: Run): Command {
  return forService(commandOf("retry <projection> [id]"))
    .description("have parked events applied again; what fails stays parked")
    .addOption(new Option("--all", "all that are parked now").default(false))
    .action((projection: string, id: string | undefined, options: Events) =>
      run(options, async ({ client, printer }) => {
        const { asked } = await client.retryParkedEvents({ projection, id: requireOne(id, options) });
        printer.line(
          `${asked} are tried again; \`samspel projections parked ${projection}\` shows what failed`,
        );
      }),
    );
}

function dropCommand(run: Run): Command {
  return forService(commandOf("drop <projection> [id]"))
    .description("forget parked events: the projection never has them, unless it is rebuilt")
    .addOption(new Option("--all", "all that are parked now").default(false))
    .addOption(new Option("--yes", "do not ask").default(false))
    .action((projection: string, id: string | undefined, options: Events) =>
      run(options, async ({ client, printer }) => {
        const { confirm } = await import("./confirm.ts");
        const which = requireOne(id, options);
        await confirm(
          `Drop ${which === "" ? "all parked events" : `event ${which}`} of ${projection}?`,
          options,
        );
        const { dropped } = await client.dropParkedEvents({ projection, id: which });
        printer.line(`${dropped} dropped`);
      }),
    );
}

/** The id, or the empty string for all. */
function requireOne(id: string | undefined, { all }: Events): string {
  if (id === undefined && all) return "";
  if (id !== undefined && !all) return id;
  throw new UsageError("Which events? Give an id, or --all");
}
