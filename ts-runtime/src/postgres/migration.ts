// One numbered step of the schema. Steps that were released never change; a new one is added behind them.
export interface Migration {
  /** 1, 2, 3 … without a gap. */
  readonly number: number;
  readonly name: string;
  /** One or more statements, unqualified; they run in one transaction with all other missing steps. */
  readonly sql: string;
}
