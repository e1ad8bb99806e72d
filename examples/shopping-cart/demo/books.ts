// The books: what the customers were told, against what the services hold.
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@connectrpc/connect";
import type { Sql } from "postgres";
import type { CartService } from "../gen/cart/v1/cart_api_pb.ts";
import type { InventoryService, Stock } from "../gen/inventory/v1/inventory_api_pb.ts";
import type { PopularItemsService } from "../gen/popular/v1/popular_items_api_pb.ts";
import type { ExpectedCart } from "./shopper.ts";

export interface Shop {
  readonly cart: Client<typeof CartService>;
  readonly inventory: Client<typeof InventoryService>;
  readonly popularItems: Client<typeof PopularItemsService>;
  /** The database of the cart service, to count its events. */
  readonly sql: Sql;
}

/** One line of the audit: what was compared, and the differences that were found. */
export interface Finding {
  readonly check: string;
  readonly compared: number;
  readonly differences: readonly string[];
}

type Counts = ReadonlyMap<string, number>;

/** What the books say before the first trip. */
export interface Opening {
  readonly stock: Readonly<Record<string, Stock>>;
  readonly popular: PopularCounts;
}

interface PopularCounts {
  readonly added: Counts;
  readonly checkouts: Counts;
}

/** Reads the books before the first trip. */
export async function openBooks(shop: Shop): Promise<Opening> {
  const [{ stock }, popular] = await Promise.all([shop.inventory.getStock({}), popularCounts(shop)]);
  return { stock, popular };
}

async function popularCounts({ popularItems }: Shop): Promise<PopularCounts> {
  const { items } = await popularItems.listPopularItems({ limit: 1_000 });
  return {
    added: new Map(items.map((item) => [item.sku, Number(item.added)])),
    checkouts: new Map(items.map((item) => [item.sku, Number(item.checkouts)])),
  };
}

/** Checks all books; waits up to `patienceMs` for what is still under way between the services. */
export async function audit(
  shop: Shop,
  { carts, opening, patienceMs }: { carts: readonly ExpectedCart[]; opening: Opening; patienceMs: number },
): Promise<readonly Finding[]> {
  const deadline = performance.now() + patienceMs;
  return Promise.all([
    settled(deadline, () => checkOrders(shop, carts)),
    settled(deadline, () => checkStock(shop, carts, opening)),
    settled(deadline, () => checkPopularItems(shop, carts, opening)),
    settled(deadline, () => checkCarts(shop, carts)),
    settled(deadline, () => checkJournal(shop, carts)),
  ]);
}

/** Services agree in the end, not at once: a difference counts when it is still there at the deadline. */
async function settled(deadline: number, check: () => Promise<Finding>): Promise<Finding> {
  for (;;) {
    const finding = await check().catch((error: unknown): Finding => ({
      check: check.name,
      compared: 0,
      differences: [`could not be checked: ${String(error)}`],
    }));
    if (finding.differences.length === 0 || performance.now() > deadline) return finding;
    await sleep(100);
  }
}

async function checkOrders({ inventory }: Shop, carts: readonly ExpectedCart[]): Promise<Finding> {
  const bought = carts.filter((cart) => cart.checkedOut);
  const differences = await eachOf(bought, async ({ cartId, items }) => {
    const order = await inventory.getOrder({ cartId });
    return compare(`order of ${cartId}`, new Map(Object.entries(order.items)), items);
  });
  return { check: "every accepted checkout reached inventory, once", compared: bought.length, differences };
}

async function checkStock(shop: Shop, carts: readonly ExpectedCart[], opening: Opening): Promise<Finding> {
  const sold = sum(carts.filter((cart) => cart.checkedOut).map((cart) => cart.items));
  const { stock } = await shop.inventory.getStock({});
  const differences = Object.entries(opening.stock).flatMap(([sku, before]) => {
    const after = stock[sku];
    const taken = sold.get(sku) ?? 0;
    return after?.onHand === before.onHand - taken && after.sold === before.sold + taken
      ? []
      : [
          `${sku}: ${before.onHand} on hand less ${taken} sold is not ${after?.onHand ?? "there"} (${after?.sold ?? 0} booked as sold)`,
        ];
  });
  return { check: "every stock figure is right", compared: Object.keys(opening.stock).length, differences };
}

async function checkPopularItems(
  shop: Shop,
  carts: readonly ExpectedCart[],
  { popular: before }: Opening,
): Promise<Finding> {
  const { added, checkouts } = await popularCounts(shop);
  const bought = carts.filter((cart) => cart.checkedOut).map(({ items }) => eachOnce(items));
  const differences = [
    ...compare("added", added, sum([before.added, ...carts.map((cart) => cart.added)])),
    ...compare("checkouts", checkouts, sum([before.checkouts, ...bought])),
  ];
  return { check: "popular items counted every event once", compared: added.size, differences };
}

function eachOnce(items: Counts): Counts {
  return new Map([...items.keys()].map((sku) => [sku, 1]));
}

async function checkCarts({ cart }: Shop, carts: readonly ExpectedCart[]): Promise<Finding> {
  const differences = await eachOf(carts, async ({ cartId, items, checkedOut }) => {
    const there = await cart.getCart({ cartId });
    const wrong =
      there.checkedOut === checkedOut ? [] : [`${cartId} is ${there.checkedOut ? "" : "not "}checked out`];
    return [...wrong, ...compare(cartId, new Map(Object.entries(there.items)), items)];
  });
  return { check: "every cart is as its customer was told", compared: carts.length, differences };
}

async function checkJournal({ sql }: Shop, carts: readonly ExpectedCart[]): Promise<Finding> {
  const rows = await sql<{ id: string; events: number; last: number }[]>`
    select entity_id as id, count(*)::int as events, max(revision)::int as last
    from event where entity_type = 'cart' group by entity_id`;
  const stored = new Map(rows.map((row) => [row.id, row]));
  const differences = carts.flatMap(({ cartId, events }) => {
    const { events: found, last } = stored.get(cartId) ?? { events: 0, last: 0 };
    return found === events && last === events
      ? []
      : [`${cartId}: ${found} events up to revision ${last} in place of ${events}`];
  });
  return {
    check: "no event is missing, none is double",
    compared: carts.reduce((total, { events }) => total + events, 0),
    differences,
  };
}

function sum(counts: readonly Counts[]): Counts {
  const total = new Map<string, number>();
  for (const [key, count] of counts.flatMap((each) => [...each]))
    total.set(key, (total.get(key) ?? 0) + count);
  return total;
}

function compare(what: string, found: Counts, expected: Counts): string[] {
  return [...new Set([...found.keys(), ...expected.keys()])].flatMap((key) => {
    const [is, must] = [found.get(key) ?? 0, expected.get(key) ?? 0];
    return is === must ? [] : [`${what}: ${is} of ${key} in place of ${must}`];
  });
}

/** Asks for many things, 16 at a time. */
async function eachOf<T>(
  items: readonly T[],
  ask: (item: T) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const rest = [...items];
  const differences: string[] = [];
  const worker = async (): Promise<void> => {
    for (let item = rest.pop(); item !== undefined; item = rest.pop()) differences.push(...(await ask(item)));
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return differences;
}
