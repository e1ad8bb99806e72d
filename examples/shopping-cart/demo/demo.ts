// The demo: customers shop at a running system, then the books are checked.
import { createRegistry } from "@samspel/registry";
import { createClients, type Clients } from "@samspel/runtime";
import postgres from "postgres";
import { CartService } from "../gen/cart/v1/cart_api_pb.ts";
import { InventoryService } from "../gen/inventory/v1/inventory_api_pb.ts";
import { PopularItemsService } from "../gen/popular/v1/popular_items_api_pb.ts";
import { audit, openBooks, type Finding, type Shop } from "./books.ts";
import { createLatencies, type LatencySummary } from "./latencies.ts";
import { planTrips, type Trip } from "./plan.ts";
import { shop, type ExpectedCart, type Tally } from "./shopper.ts";

export interface DemoOptions {
  readonly registryUrl: string;
  readonly databaseUrl: string;
  /** How many shopping trips. */
  readonly trips: number;
  /** The same seed gives the same trips. */
  readonly seed: number;
  /** How many customers shop at once. */
  readonly concurrency: number;
  /** How long a part of the system may be away before the demo gives up, in milliseconds. */
  readonly patienceMs: number;
  /** Is told after each trip. */
  readonly onTrip?: (done: number) => void;
}

export interface DemoResult {
  readonly tally: Readonly<Tally>;
  readonly carts: readonly ExpectedCart[];
  readonly latencies: readonly LatencySummary[];
  readonly shoppingMs: number;
  readonly findings: readonly Finding[];
}

/** Plays the demo against a system that has served no trip of this seed yet. */
export async function playDemo(options: DemoOptions): Promise<DemoResult> {
  await using registry = createRegistry({ url: options.registryUrl });
  await using clients = createClients({ registry });
  const sql = postgres(options.databaseUrl, { max: 2, connection: { search_path: "cart" } });
  await using closing = new AsyncDisposableStack();
  closing.defer(() => sql.end());
  const books: Shop = { ...shopClients(clients), sql };

  const opening = await openBooks(books);
  const [first, ...rest] = Object.keys(opening.stock).toSorted();
  if (first === undefined) throw new Error("Inventory has no stock to sell");
  const trips = planTrips(options.trips, options.seed, [first, ...rest]);

  const latencies = createLatencies();
  const tally: Tally = { requests: 0, resent: 0, rejected: 0, retried: 0 };
  const started = performance.now();
  const carts = await playAll(trips, options, (trip) =>
    shop(trip, { cart: books.cart, latencies, tally, patienceMs: options.patienceMs }),
  );
  const shoppingMs = performance.now() - started;
  const findings = await audit(books, { carts, opening, patienceMs: options.patienceMs });
  return { tally, carts, latencies: latencies.summary(), shoppingMs, findings };
}

function shopClients(clients: Clients): Omit<Shop, "sql"> {
  return {
    cart: clients.client(CartService),
    inventory: clients.client(InventoryService),
    popularItems: clients.client(PopularItemsService),
  };
}

async function playAll(
  trips: readonly Trip[],
  { concurrency, onTrip }: DemoOptions,
  play: (trip: Trip) => Promise<ExpectedCart>,
): Promise<readonly ExpectedCart[]> {
  const waiting = trips.toReversed();
  const carts: ExpectedCart[] = [];
  const customer = async (): Promise<void> => {
    for (let trip = waiting.pop(); trip !== undefined; trip = waiting.pop()) {
      carts.push(await play(trip));
      onTrip?.(carts.length);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, customer));
  return carts;
}
