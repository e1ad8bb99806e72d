import t from "tap";
import { pruneBatch } from "../../../ts-runtime/src/journal/prune-commands.ts";
import { appendOf, openJournal } from "../../support/journal.ts";

t.test("pruneBatch() forgets commands older than the retention, and only those", async (t) => {
  const { journal, database } = await openJournal(t);
  for (const id of ["old", "young"]) {
    await journal.append(appendOf(id, 0n, { command: { id: "c", reply: Buffer.from(id) } }));
  }
  await database.sql`
    update command set recorded_at = recorded_at - interval '7 days 1 minute' where entity_id = 'old'`;
  t.equal(await pruneBatch(database, 7 * 86_400_000), 1);
  t.equal(await pruneBatch(database, 7 * 86_400_000), 0);
  const find = (entityId: string): ReturnType<typeof journal.loadCommand> =>
    journal.loadCommand({ entityType: "counter", entityId, commandId: "c" });
  t.equal(await find("old"), undefined);
  t.match(await find("young"), { reply: Buffer.from("young") });
});
