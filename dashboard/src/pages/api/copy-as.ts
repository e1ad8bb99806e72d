// A call as a command for the terminal.
import type { Instance, Method } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { headersOf, pathOf, type Draft } from "./draft.ts";

/** Where a command can go. */
export type CopyForm = "samspel" | "curl" | "grpcurl";

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function compact(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return json;
  }
}

/** The call in one line. */
export function commandFor(
  form: CopyForm,
  method: Method,
  draft: Draft,
  instance: Instance | undefined,
): string {
  const body = draft.requests.map(compact);
  const headers = Object.entries(headersOf(draft.headers)).map(([name, value]) => quote(`${name}: ${value}`));
  const address = instance?.address ?? "127.0.0.1:PORT";
  const path = pathOf(method);
  switch (form) {
    case "samspel":
      return [
        ...(body.length > 1 ? [`printf '%s\\n' ${body.map(quote).join(" ")} |`] : []),
        `samspel call ${path}`,
        ...(body.length > 1 ? [] : [quote(body[0] ?? "{}")]),
        ...headers.map((header) => `--header ${header}`),
        ...(draft.timeout === "" ? [] : [`--deadline ${draft.timeout}ms`]),
        ...(draft.tell ? ["--tell"] : []),
        ...(draft.instance === "" ? [] : [`--instance ${draft.instance}`]),
      ].join(" ");
    case "curl":
      return [
        `curl ${instance?.secure === true ? "https" : "http"}://${address}/${path}`,
        `-H 'content-type: application/json'`,
        ...headers.map((header) => `-H ${header}`),
        ...(draft.timeout === "" ? [] : [`-H 'connect-timeout-ms: ${draft.timeout}'`]),
        `-d ${quote(body[0] ?? "{}")}`,
      ].join(" ");
    case "grpcurl":
      return [
        "grpcurl",
        ...(instance?.secure === true ? [] : ["-plaintext"]),
        ...headers.map((header) => `-H ${header}`),
        ...(draft.timeout === "" ? [] : [`-max-time ${Number(draft.timeout) / 1000}`]),
        `-d ${quote(body.join(" "))}`,
        address,
        path,
      ].join(" ");
    default:
      return form satisfies never;
  }
}
