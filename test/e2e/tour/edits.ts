// What a new user changes, line by line as docs/guides/tour.md shows it.
import { readFile, writeFile } from "node:fs/promises";

/** Puts lines below the first line that has `below` in it, as deep as that; @throws where there is none. */
export async function addBelow(file: string, below: string, added: string): Promise<void> {
  const lines = (await readFile(file, "utf8")).split("\n");
  const at = lines.findIndex((line) => line.includes(below));
  if (at < 0) throw new Error(`${file} has no line with ${below}`);
  const [indent = ""] = /^\s*/.exec(lines[at] ?? "") ?? [];
  const own = added
    .trim()
    .split("\n")
    .map((line) => indent + line.trim());
  await writeFile(file, lines.toSpliced(at + 1, 0, ...own).join("\n"));
}

/** Replaces the first line that has `old` in it; @throws where there is none. */
export async function replaceLine(file: string, old: string, line: string): Promise<void> {
  await addBelow(file, old, line);
  const lines = (await readFile(file, "utf8")).split("\n");
  await writeFile(
    file,
    lines
      .toSpliced(
        lines.findIndex((each) => each.includes(old)),
        1,
      )
      .join("\n"),
  );
}

/** In orders/order.ts: a rule. */
export const largestOrder = `
if (quantity > 100) throw reject(Code.InvalidArgument, "quantity must be 100 or less");
`;

/** In proto/orders/v1/orders.proto: a field of `GetOrderResponse`. */
export const openField = `
// Whether it is still to be delivered.
bool open = 4;
`;

/** In orders/order.ts: what `getOrder` answers. */
export const openAnswer = `
return { item: order.item, quantity: order.quantity, cancelled: order.cancelled, open: !order.cancelled };
`;
