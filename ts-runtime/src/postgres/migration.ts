// One numbered step of the schema. Steps that were released never change; a new one is added behind them.
//
// A rolling deploy has old and new instances on one schema. So a step says which old code can live with it: nothing is
// taken away that such code uses, nothing is demanded that it does not give. What cannot be so is done in two releases:
// the first adds, the second takes away once no instance of the release before the first is left.

/** A step that is made in one transaction with the missing steps around it. */
interface TransactionStep extends Step {
  /** One or more statements, unqualified. */
  readonly sql: string;
}

/** An index of a large table, made while others write to that table: on its own, outside of any transaction. */
export interface IndexStep extends Step {
  readonly index: {
    readonly name: string;
    /** Unqualified. */
    readonly table: string;
    /** What stands behind the table's name: `(tx, position)`, `using brin (recorded_at) where …`. */
    readonly definition: string;
    /** Default false. */
    readonly unique?: boolean;
  };
}

export type Migration = TransactionStep | IndexStep;

interface Step {
  /** Higher than that of the step before it. */
  readonly number: number;
  readonly name: string;
  /**
   * The lowest code that can live with the schema after this step: code whose newest step has this number, or a higher
   * one, may start on it and keep running.
   */
  readonly compatibleWith: number;
}
