// Asks whether a NATS server with JetStream listens: by the INFO that a server sends first, so without a client.
import { createConnection } from "node:net";
import { reasonOf } from "./infra-error.ts";

export type NatsAnswer =
  | { readonly type: "ready"; readonly wantsUser: boolean }
  | { readonly type: "refused"; readonly reason: string };

/** Connects, reads INFO and goes. */
export function natsAnswers(host: string, port: number, timeoutMs: number): Promise<NatsAnswer> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: timeoutMs });
    let text = "";
    const answer = (value: NatsAnswer): void => {
      socket.destroy();
      resolve(value);
    };
    const refuse = (reason: string): void => answer({ type: "refused", reason });
    socket.on("error", (error) => refuse(reasonOf(error)));
    socket.on("timeout", () => refuse(`no answer within ${timeoutMs} ms`));
    socket.on("close", () => refuse("it closed the connection"));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n");
      if (end >= 0) answer(readInfo(text.slice(0, end)));
      else if (text.length > 65_536) refuse("it is no NATS server");
    });
  });
}

/** Reads the first line that a server sends: `INFO {…}`. */
export function readInfo(line: string): NatsAnswer {
  if (!line.startsWith("INFO ")) return { type: "refused", reason: "it is no NATS server" };
  try {
    const info = JSON.parse(line.slice("INFO ".length)) as { jetstream?: boolean; auth_required?: boolean };
    return info.jetstream === true
      ? { type: "ready", wantsUser: info.auth_required === true }
      : { type: "refused", reason: "its JetStream is off (start it with -js)" };
  } catch {
    return { type: "refused", reason: "it is no NATS server" };
  }
}
