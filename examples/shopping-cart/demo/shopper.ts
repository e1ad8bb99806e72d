// A customer: sends the requests of a trip and remembers what the shop answered. Faults are waited out: a request is
// sent again, under the same command id, until the shop accepts or rejects it.
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, type CallOptions, type Client } from "@connectrpc/connect";
import { commandId } from "@samspel/runtime";
import type { CartService } from "../gen/cart/v1/cart_api_pb.ts";
import type { Latencies } from "./latencies.ts";
import type { Step, Trip } from "./plan.ts";

/** A cart as the answers say that it is. */
export interface ExpectedCart {
  readonly cartId: string;
  readonly items: ReadonlyMap<string, number>;
  readonly checkedOut: boolean;
  /** How many events the accepted commands made. */
  readonly events: number;
  /** Quantities that were ever added, removed ones included. */
  readonly added: ReadonlyMap<string, number>;
}

/** What happened on the way. */
export interface Tally {
  requests: number;
  resent: number;
  rejected: number;
  /** Requests that were sent again as the shop was away. */
  retried: number;
}

export interface ShopperOptions {
  readonly cart: Client<typeof CartService>;
  readonly latencies: Latencies;
  readonly tally: Tally;
  /** How long the shop may be away before the demo gives up. */
  readonly patienceMs: number;
}

const rejections = new Set([Code.InvalidArgument, Code.FailedPrecondition, Code.NotFound]);

/** Plays one trip. @throws The last error when the shop stays away for too long, or fails in another way. */
export async function shop(trip: Trip, options: ShopperOptions): Promise<ExpectedCart> {
  const items = new Map<string, number>();
  const added = new Map<string, number>();
  let checkedOut = false;
  let events = 0;
  for (const step of trip.steps) {
    if (!(await send(trip.cartId, step, options))) continue;
    switch (step.type) {
      case "add":
        items.set(step.sku, (items.get(step.sku) ?? 0) + step.quantity);
        added.set(step.sku, (added.get(step.sku) ?? 0) + step.quantity);
        events++;
        break;
      case "remove":
        if (items.delete(step.sku)) events++;
        break;
      case "checkout":
        if (!checkedOut) events++;
        checkedOut = true;
        break;
    }
  }
  return { cartId: trip.cartId, items, checkedOut, events, added };
}

/** Sends a step, twice at once where it is to be re-sent; says whether the shop accepted it. */
async function send(cartId: string, step: Step, options: ShopperOptions): Promise<boolean> {
  const { headers } = commandId();
  options.tally.requests++;
  const answers = [attempt(cartId, step, headers, options)];
  if (step.resend) {
    options.tally.resent++;
    answers.push(attempt(cartId, step, headers, options));
  }
  const [first, second = first] = await Promise.all(answers);
  if (first !== second)
    throw new Error(`The shop accepted and rejected one and the same ${step.type} of cart ${cartId}`);
  if (first === false) options.tally.rejected++;
  return first === true;
}

async function attempt(
  cartId: string,
  step: Step,
  headers: Record<string, string>,
  { cart, latencies, tally, patienceMs }: ShopperOptions,
): Promise<boolean> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const started = performance.now();
    try {
      await call(cart, cartId, step, { headers });
      latencies.record(step.type, performance.now() - started);
      return true;
    } catch (error) {
      if (error instanceof ConnectError && rejections.has(error.code)) {
        latencies.record(step.type, performance.now() - started);
        return false;
      }
      if (performance.now() > giveUpAt) throw error;
      tally.retried++;
      await sleep(50);
    }
  }
}

async function call(
  cart: Client<typeof CartService>,
  cartId: string,
  step: Step,
  options: CallOptions,
): Promise<unknown> {
  switch (step.type) {
    case "add":
      return cart.addItem({ cartId, sku: step.sku, quantity: step.quantity }, options);
    case "remove":
      return cart.removeItem({ cartId, sku: step.sku }, options);
    case "checkout":
      return cart.checkout({ cartId }, options);
  }
}
