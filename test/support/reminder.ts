// The reminder: the small entity that tests of timers use, and instances that serve it.
import { create, isMessage, type Message } from "@bufbuild/protobuf";
import type { Test } from "tap";
import {
  createEntityHost,
  defineEntity,
  persist,
  type CommandContext,
  type Entity,
  type EntityHost,
} from "../../ts-runtime/src/entity/index.ts";
import { createJournal, type Journal } from "../../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase, type Database } from "../../ts-runtime/src/postgres/index.ts";
import type { Logger } from "../../ts-runtime/src/telemetry/index.ts";
import type { TellingClients } from "../../ts-runtime/src/tell/index.ts";
import { createTimerAlarm, runTimers, type RunTimersOptions } from "../../ts-runtime/src/timer/index.ts";
import {
  DropRequestSchema,
  GetReminderRequestSchema,
  GetReminderResponseSchema,
  PlanRequestSchema,
  ReminderEventSchema,
  ReminderSchema,
  ReminderService,
  type PlanRequest,
  type RingRequest,
} from "../gen/samspel/test/v1/reminder_pb.ts";
import { databaseUrl } from "./environment.ts";
import { silentLogger } from "./silent-logger.ts";

type OnRing = (request: RingRequest, context: CommandContext) => Promise<void> | void;
type OnPlan = (request: PlanRequest) => Promise<void> | void;

/**
 * Defines a reminder; `onRing` and `onPlan` are told of each run of the handler, before it decides. One that winds
 * itself up rings once more, with a timer that its timer schedules.
 */
export function defineReminder({
  onRing,
  onPlan,
  winds = false,
}: {
  readonly onRing?: OnRing;
  readonly onPlan?: OnPlan;
  readonly winds?: boolean;
} = {}): Entity<typeof ReminderService, typeof ReminderSchema, typeof ReminderEventSchema> {
  return defineEntity(
    ReminderService,
    { name: "reminder", state: ReminderSchema, event: ReminderEventSchema },
    {
      commands: {
        async plan(_, request) {
          await onPlan?.(request);
          const { name, afterMs, note, silent } = request;
          const timer = { afterMs, command: ReminderService.method.ring, request: { note } };
          return silent
            ? persist()
                .schedule(name, timer)
                .reply(() => ({}))
            : persist({ case: "planned", value: { name } })
                .schedule(name, timer)
                .reply(() => ({}));
        },
        drop: (_, { name, silent }) =>
          silent
            ? persist()
                .cancel(name)
                .reply(({ notes }) => ({ rung: notes.length }))
            : persist({ case: "dropped", value: { name } })
                .cancel(name)
                .reply(({ notes }) => ({ rung: notes.length })),
        async ring(_, request, context) {
          await onRing?.(request, context);
          const note = `${context.timer?.name ?? "nobody"}:${request.note}`;
          const rang = persist({ case: "rang", value: { note } });
          const again = { afterMs: 1, command: ReminderService.method.ring, request: { note: "again" } };
          const isOver = !winds || request.note === "again";
          return (isOver ? rang : rang.schedule("again", again)).reply(() => ({}));
        },
        getReminder: ({ notes }) => ({ notes }),
      },
      events: {
        planned: (reminder) => reminder,
        dropped: (reminder) => reminder,
        rang: (reminder, { note }) => ({ ...reminder, notes: [...reminder.notes, note] }),
      },
    },
  );
}

export interface ReminderOptions extends Partial<Omit<RunTimersOptions, "hosts" | "alarm" | "database">> {
  readonly onRing?: OnRing;
  readonly onPlan?: OnPlan;
  /** Whether timers fire here. Default true. */
  readonly fires?: boolean;
  readonly url?: string;
}

export interface Reminders {
  readonly host: EntityHost;
  readonly database: Database;
  readonly journal: Journal;
  /** Schedules a timer, with an event unless `silent`. */
  plan(reminderId: string, name: string, options: PlanOptions): Promise<void>;
  /** Cancels a timer, with an event unless `silent`; says how often the reminder had rung. */
  drop(reminderId: string, name: string, options?: { readonly silent?: boolean }): Promise<void>;
  /** What has rung. */
  notes(reminderId: string): Promise<readonly string[]>;
  /** The table of timers. */
  timers(): Promise<readonly TimerRow[]>;
  /** Ends the firing, as a stop of the service does. */
  stop(): Promise<void>;
}

interface PlanOptions {
  readonly afterMs: number;
  readonly note?: string;
  readonly silent?: boolean;
}

interface TimerRow {
  readonly entity_id: string;
  readonly name: string;
  readonly attempts: number;
  readonly error: string | null;
  readonly parked: boolean;
}

/** One process that serves reminders and fires their timers; several of them on one schema are several instances. */
export async function startReminders(
  t: Test,
  schema: string,
  { onRing, onPlan, fires = true, url = databaseUrl(), ...options }: ReminderOptions = {},
): Promise<Reminders> {
  const logger: Logger = options.logger ?? silentLogger;
  const database = await openDatabase({ url, schema, logger });
  await migrate(database);
  const journal = createJournal({ database });
  const alarm = createTimerAlarm();
  const entity = defineReminder({ ...(onRing && { onRing }), ...(onPlan && { onPlan }) });
  const host = createEntityHost({ entity, journal, logger, onSchedule: alarm.note });
  const stopping = new AbortController();
  const running = fires
    ? runTimers({
        clients: noClients,
        ...options,
        hosts: [host],
        alarm,
        database,
        logger,
        signal: stopping.signal,
      })
    : Promise.resolve();
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  t.teardown(async () => {
    await stop();
    host[Symbol.dispose]();
    await journal.close();
    await database.close();
  });
  const ask = (
    command: string,
    request: Message & { readonly reminderId: string },
    commandId?: string,
  ): Promise<Message> =>
    host.ask({
      command,
      entityId: request.reminderId,
      request,
      commandId,
      client: callsNobody,
      signal: new AbortController().signal,
      requestHeader: new Headers(),
    });
  return {
    host,
    database,
    journal,
    stop,
    async plan(reminderId, name, options) {
      await ask("plan", create(PlanRequestSchema, { note: "", silent: false, reminderId, name, ...options }));
    },
    async drop(reminderId, name, { silent = false } = {}) {
      await ask("drop", create(DropRequestSchema, { reminderId, name, silent }));
    },
    async notes(reminderId) {
      const reply = await ask("getReminder", create(GetReminderRequestSchema, { reminderId }));
      if (!isMessage(reply, GetReminderResponseSchema)) throw new Error(`${reply.$typeName} has no notes`);
      return reply.notes;
    },
    timers: () => database.sql<TimerRow[]>`
      select entity_id, name, attempts, error, parked_at is not null as parked from timer order by entity_id, name`,
  };
}

/** For handlers that call nobody. */
export const noClients: Pick<TellingClients, "within"> = { within: () => ({ client: callsNobody }) };

function callsNobody(): never {
  throw new Error("a reminder calls nobody");
}
