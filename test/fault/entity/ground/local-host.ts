// An entity host in the test's own process, for faults that must strike at one exact moment.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Test } from "tap";
import {
  createEntityHost,
  type CommandContext,
  type Entity,
  type EntityHost,
  type EntityHostOptions,
} from "../../../../ts-runtime/src/entity/index.ts";
import { createJournal, type Journal } from "../../../../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase, type Database } from "../../../../ts-runtime/src/postgres/index.ts";
import { databaseUrl } from "../../../support/environment.ts";
import {
  GetCounterRequestSchema,
  IncrementRequestSchema,
  type GetCounterResponse,
  type IncrementResponse,
} from "../../../gen/samspel/test/v1/counter_pb.ts";
import { silentLogger as logger } from "../../../support/silent-logger.ts";

export interface LocalHost {
  readonly database: Database;
  readonly journal: Journal;
  readonly host: EntityHost;
}

export interface LocalHostOptions extends Pick<EntityHostOptions, "maxLive" | "passivateAfterMs"> {
  readonly entity: Entity;
  readonly schema: string;
  /** Default: the Postgres of the test run. */
  readonly url?: string;
}

/** Opens journal and host; both end with the test. */
export async function openHost(t: Test, options: LocalHostOptions): Promise<LocalHost> {
  const { entity, schema, url = databaseUrl(), ...rest } = options;
  const database = await openDatabase({ url, schema, logger });
  await migrate(database);
  const journal = createJournal({ database, retryForMs: 8_000 });
  const host = createEntityHost({ entity, journal, logger, ...rest });
  t.teardown(async () => {
    host[Symbol.dispose]();
    await journal.close();
    await database.close();
  });
  return { database, journal, host };
}

/** What a command has around it, unless a test says otherwise. */
export function contextOf(
  context: Partial<CommandContext> = {},
): Omit<CommandContext, "entityId" | "revision"> {
  return {
    commandId: undefined,
    client: () => {
      throw new Error("a counter calls nobody");
    },
    signal: AbortSignal.timeout(30_000),
    caller: { type: "anonymous" },
    principal: { type: "anonymous" },
    requestHeader: new Headers(),
    ...context,
  };
}

/** Increments a counter; its value after that. */
export async function increment(
  { host }: LocalHost,
  { counterId = "a", amount = 1n }: MessageInitShape<typeof IncrementRequestSchema>,
  context: Partial<CommandContext> = {},
): Promise<bigint> {
  const request = create(IncrementRequestSchema, { counterId, amount });
  const asked = { command: "increment", entityId: counterId, request, ...contextOf(context) };
  return ((await host.ask(asked)) as IncrementResponse).value;
}

/** What a counter is. */
export async function valueOf({ host }: LocalHost, counterId = "a"): Promise<bigint> {
  const request = create(GetCounterRequestSchema, { counterId });
  const asked = { command: "getCounter", entityId: counterId, request, ...contextOf() };
  return ((await host.ask(asked)) as GetCounterResponse).value;
}
