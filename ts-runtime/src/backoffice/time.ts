// Times in requests.
import { refuse } from "../request/index.ts";

/** @throws SAMSPEL_INVALID_REQUEST for one that no calendar has. */
export function timeOf(field: string, time: Date): Date {
  if (!Number.isNaN(time.getTime())) return time;
  throw refuse(field, "a time that there is", "one beyond the calendar");
}
