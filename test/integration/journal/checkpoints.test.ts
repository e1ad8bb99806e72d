import t from "tap";
import { openJournal } from "../../support/journal.ts";

const at = (sequence: bigint): { readonly tx: bigint; readonly sequence: bigint } => ({ tx: 5n, sequence });
const lost = { code: "SAMSPEL_LEASE_LOST" };

t.test("checkpoints.save() moves only forward and only under the epoch that claimed last", async (t) => {
  const { journal, database } = await openJournal(t);
  const { checkpoints } = journal;
  const name = "reader";
  t.equal(await checkpoints.load(name), undefined);
  await t.rejects(checkpoints.save(database.sql, { name, position: at(1n), epoch: 1n }), lost);
  t.same(await checkpoints.claim({ name, epoch: 1n }), { tx: 0n, sequence: 0n });
  await checkpoints.save(database.sql, { name, position: at(10n), epoch: 1n });
  await t.rejects(checkpoints.save(database.sql, { name, position: at(9n), epoch: 1n }), lost);
  t.same(await checkpoints.claim({ name, epoch: 2n }), at(10n));
  await t.rejects(checkpoints.save(database.sql, { name, position: at(11n), epoch: 1n }), lost);
  await t.rejects(checkpoints.claim({ name, epoch: 1n }), lost);
  t.same(await checkpoints.load(name), at(10n));
});

t.test(
  "claim() waits for the save under way and continues behind it (no page is applied twice)",
  async (t) => {
    const { journal, database } = await openJournal(t);
    const { checkpoints } = journal;
    const name = "reader";
    await checkpoints.claim({ name, epoch: 1n });
    const saved = Promise.withResolvers<void>();
    const mayCommit = Promise.withResolvers<void>();
    const old = database.sql.begin(async (tx) => {
      await checkpoints.save(tx, { name, position: at(100n), epoch: 1n });
      saved.resolve();
      await mayCommit.promise;
    });
    await saved.promise;
    const claim = checkpoints.claim({ name, epoch: 2n });
    mayCommit.resolve();
    await old;
    t.same(await claim, at(100n));
  },
);

t.test("a transaction of who lost the lease leaves nothing behind", async (t) => {
  const { journal, database } = await openJournal(t);
  const { checkpoints } = journal;
  const name = "reader";
  await database.sql`create table view (n int)`;
  await checkpoints.claim({ name, epoch: 1n });
  await checkpoints.claim({ name, epoch: 2n });
  await t.rejects(
    database.sql.begin(async (tx) => {
      await tx`insert into view values (1)`;
      await checkpoints.save(tx, { name, position: at(1n), epoch: 1n });
    }),
    lost,
  );
  t.same([...(await database.sql`select n from view`)], []);
});
