// Headers of messages, as CloudEvents has them: values are percent-encoded where they are not printable ASCII.
import type { MsgHdrs } from "nats";

/** By name in lower case, decoded; of several values the first. */
export function headersOf(received: MsgHdrs | undefined): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, [value]] of received ?? [])
    if (value !== undefined) headers[name.toLowerCase()] = decodedHeader(value);
  return headers;
}

/** A value; one that is not well encoded as it is. */
export function decodedHeader(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
