// Timers of a service that runs: scheduled by a call, fired beside the calls, with clients that keep the deadline.
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { startService } from "@samspel/runtime";
import t from "tap";
import { CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { ReminderService } from "../../gen/samspel/test/v1/reminder_pb.ts";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { defineReminder } from "../../support/reminder.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

t.test("startService() fires the timers of its entities, whose handlers may call others", async (t) => {
  const registry = await startEmbeddedRegistry();
  t.teardown(() => registry.close());
  const commandIds: (string | undefined)[] = [];
  const reminder = defineReminder({
    async onRing(_, { client, entityId, commandId }) {
      commandIds.push(commandId);
      await client(CounterService).increment({ counterId: entityId, amount: 1n });
    },
  });
  const service = await startService({
    name: "reminder",
    entities: [reminder, defineCounter()],
    databaseUrl: databaseUrl(),
    registryUrl: registry.url,
    schema: testSchema(t),
    ownsProcess: false,
    logger: silentLogger,
  });
  t.teardown(() => service.stop());
  const transport = createGrpcTransport({ baseUrl: `http://${service.host}:${service.port}` });
  const reminders = createClient(ReminderService, transport);
  await reminders.plan({ reminderId: "a", name: "x", afterMs: 20, note: "n" });
  const { notes } = await until(
    "it has rung",
    async () => {
      const reply = await reminders.getReminder({ reminderId: "a" });
      return reply.notes.length > 0 && reply;
    },
    60_000,
  );
  t.same(notes, ["x:n"]);
  t.match(commandIds, [/^timer:[0-9a-f-]{36}$/], "the handler has an id to pass on");
  t.equal((await createClient(CounterService, transport).getCounter({ counterId: "a" })).value, 1n);
});
