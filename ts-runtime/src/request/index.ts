export { limitOf } from "./limit.ts";
export { notAToken, pageToken, tokenText } from "./page-token.ts";
export { isText, refuse, shown } from "./refuse.ts";
