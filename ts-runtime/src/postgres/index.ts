export { plainArray, textArray } from "./array-text.ts";
export { openDatabase } from "./database.ts";
export type { Database, DatabaseOptions, Sql, TransactionSql } from "./database.ts";
export { migrate } from "./migrate.ts";
export { readModelMigrations } from "./migrations/read-model.ts";
export { retryRead } from "./retry-read.ts";
export { transact } from "./transact.ts";
export { errorCodeOf, isCanceled, isTransient, isUniqueViolation, tookNoEffect } from "./transient.ts";
