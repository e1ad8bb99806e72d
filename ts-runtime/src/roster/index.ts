export { Roster, type Place } from "./roster.ts";
