// The account that the measurements of commands use.
import { defineEntity, persist, type Entity } from "../ts-runtime/src/entity/index.ts";
import { AccountEventSchema, AccountSchema, LedgerService } from "../test/gen/samspel/test/v1/ledger_pb.ts";

/** Makes events of about 200 bytes. */
export const memo: string = "rent of the third floor, ".repeat(8).slice(0, 190);

export const ledger: Entity<typeof LedgerService, typeof AccountSchema, typeof AccountEventSchema> =
  defineEntity(
    LedgerService,
    { name: "bench", state: AccountSchema, event: AccountEventSchema },
    {
      commands: {
        deposit: (_, { amount, memo }) =>
          persist({ case: "deposited", value: { amount, memo } }).reply(({ balance }) => ({ balance })),
        getBalance: ({ balance }) => ({ balance }),
      },
      events: {
        deposited: ({ balance, deposits }, { amount, memo }) => ({
          balance: balance + amount,
          deposits: deposits + 1,
          lastMemo: memo,
        }),
      },
    },
  );
