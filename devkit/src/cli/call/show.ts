// What becomes of a call, for people or programs.
import type { CallEvent } from "../../dynamic/index.ts";
import { resolveColors } from "../../report/index.ts";

type End = CallEvent & { readonly type: "end" };

export function createShow({ json }: { readonly json: boolean }): (event: CallEvent) => void {
  if (json) return showJson;
  const colors = resolveColors(process.stderr);
  let instance = "";
  let receipt = "";
  let traceId = "";
  return (event) => {
    if (event.type === "start") ({ instance, receipt, traceId } = event);
    else if (event.type === "message") console.log(forPeople(event.json));
    else {
      if (event.code !== "OK") for (const line of failureLines(event)) console.error(colors.red(line));
      const of = receipt === "" ? instance : `told, receipt ${receipt}`;
      const facts = [of, `${event.tookMs.toFixed(event.tookMs < 10 ? 1 : 0)} ms`, `trace ${traceId}`];
      console.error(colors.dim(facts.filter((fact) => fact !== "").join(", ")));
    }
  };
}

function showJson(event: CallEvent): void {
  if (event.type === "message") console.log(`{"type":"message","message":${event.json}}`);
  else if (event.type === "start") console.log(JSON.stringify(event));
  else console.log(JSON.stringify({ ...event, details: event.details.map(parsed) }));
}

/** Indented at a terminal; one line for what is piped. */
function forPeople(json: string): string {
  return process.stdout.isTTY ? JSON.stringify(JSON.parse(json), undefined, 2) : json;
}

/** The code and message of an error, then what its details say. */
function failureLines({ code, message, details }: End): readonly string[] {
  const lines = details.flatMap((text) => {
    const { "@type": type, ...fields } = parsed(text);
    if (type !== "samspel.v1.ErrorDetail") return [`  ${String(type)}: ${JSON.stringify(fields)}`];
    const { code: own, metadata, retryable, retryAfter } = fields;
    return [
      ...(typeof own === "string" && own !== "" ? [`  code: ${own}`] : []),
      ...Object.entries(isObject(metadata) ? metadata : {}).map(
        ([name, value]) => `  ${name}: ${String(value)}`,
      ),
      ...(retryable === true
        ? [
            `  it may succeed when it is sent again${typeof retryAfter === "string" ? `, after ${retryAfter}` : ""}`,
          ]
        : []),
    ];
  });
  return [message === "" ? code : `${code}: ${message}`, ...lines];
}

function parsed(json: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(json);
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
