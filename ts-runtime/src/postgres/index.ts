export { plainArray, textArray } from "./array-text.ts";
export { openDatabase } from "./database.ts";
export type { Database, DatabaseOptions, Sql, SqlTypes, TransactionSql } from "./database.ts";
export { migrate } from "./migrate.ts";
export type { Migration } from "./migration.ts";
export { retryRead } from "./retry-read.ts";
export { transact } from "./transact.ts";
export { isTransient, isUniqueViolation } from "./transient.ts";
