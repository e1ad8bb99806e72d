// The command handler of Emmett's event store for Postgres: reads the stream, decides, appends.
import { CommandHandler } from "@event-driven-io/emmett";
import { getPostgreSQLEventStore } from "@event-driven-io/emmett-postgresql";

export interface Emmett {
  deposit(accountId: string, amount: number, memo: string): Promise<unknown>;
  close(): Promise<void>;
}

interface Account {
  readonly balance: number;
  readonly deposits: number;
  readonly lastMemo: string;
}

interface Deposited {
  readonly type: "Deposited";
  readonly data: { readonly amount: number; readonly memo: string };
}

const memoOfFirst = "opened";

/** The same account as ours, as an Emmett decider. */
export async function createEmmett(url: string): Promise<Emmett> {
  const store = getPostgreSQLEventStore(url);
  const handle = CommandHandler<Account, Deposited>({
    initialState: () => ({ balance: 0, deposits: 0, lastMemo: "" }),
    evolve: (state, { data }) => ({
      balance: state.balance + data.amount,
      deposits: state.deposits + 1,
      lastMemo: data.memo,
    }),
  });
  const deposit: Emmett["deposit"] = (accountId, amount, memo) =>
    handle(store, `account-${accountId}`, () => [{ type: "Deposited", data: { amount, memo } }]);
  // Alone, as the first call makes the tables: many first calls at once wait for each other for ever (0.42.0).
  await deposit("first", 1, memoOfFirst);
  return {
    deposit,
    close: () => store.close(),
  };
}
