// The id under which a command is handled once, however often it is sent (J3).
import { randomUUID } from "node:crypto";

/** The request header that carries a command's id. */
export const commandIdHeader = "samspel-command-id";

/** The most characters of an id. */
export const maxCommandIdLength = 256;

/**
 * Call options that make an entity's command be handled once, however often it is sent: `const once = commandId()`,
 * then `client.addItem(request, once)`, and the same again when no answer came. Whoever handled it first, and whatever
 * has happened since, the first reply comes back and no event is added; the record is kept for 7 days. An id counts for
 * one entity.
 * @param id Default: a random one. One of your own, such as an order's number, holds across processes.
 * @throws RangeError for an id that is no header value of 1 to 256 characters.
 */
export function commandId(id: string = randomUUID()): {
  readonly headers: Readonly<Record<string, string>>;
} {
  if (!new RegExp(`^[!-~](?:[ -~]{0,${maxCommandIdLength - 2}}[!-~])?$`).test(id)) {
    throw new RangeError(
      `A command id must be 1 to ${maxCommandIdLength} printable ASCII characters without spaces at its ends: current value is ${JSON.stringify(id.slice(0, 80))} of length ${id.length}`,
    );
  }
  return { headers: { [commandIdHeader]: id } };
}
