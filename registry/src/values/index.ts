export { createValues, type StoredValue, type Values, type ValuesWatch } from "./values.ts";
