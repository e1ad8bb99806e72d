// The whole example: six services in five languages, which ask, tell and publish to each other. A checkout in TypeScript is
// invoiced in Java, shipped in Go, learnt from in Rust and booked in Python.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import t from "tap";
import type { Dev } from "samspel";
import { BillingService } from "../../examples/shopping-cart/gen/billing/v1/billing_api_pb.ts";
import { CartService } from "../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { InventoryService } from "../../examples/shopping-cart/gen/inventory/v1/inventory_api_pb.ts";
import { RecommendationService } from "../../examples/shopping-cart/gen/recommendations/v1/recommendations_api_pb.ts";
import {
  ShipmentStatus,
  ShippingService,
} from "../../examples/shopping-cart/gen/shipping/v1/shipping_api_pb.ts";
import { startShop } from "../support/system.ts";
import { until } from "../support/until.ts";

/** The longest build, with nothing in any cache, on a machine that runs other tests. */
const buildMs = 900_000;
const arrivesMs = 30_000;

t.setTimeout(buildMs + 120_000);

async function missingTool(): Promise<string | undefined> {
  for (const [tool, option] of [
    ["go", "version"],
    ["mvn", "-version"],
    ["cargo", "--version"],
  ] as const) {
    const found = await promisify(execFile)(tool, [option]).then(
      () => true,
      () => false,
    );
    if (!found) return tool;
  }
  return undefined;
}

function transportTo(dev: Dev, name: string) {
  const service = dev.services.find((candidate) => candidate.name === name);
  if (service === undefined) throw new Error(`no service ${name}`);
  return createGrpcTransport({ baseUrl: service.url });
}

t.test("a checkout goes through five languages", async (t) => {
  const missing = await missingTool();
  if (missing !== undefined) {
    t.pass("skipped", { skip: `\`${missing}\` does not answer: install it` });
    return;
  }
  const dev = await startShop(t, "samspel.polyglot.json");
  const cart = createClient(CartService, transportTo(dev, "cart"));
  const billing = createClient(BillingService, transportTo(dev, "billing"));
  const shipping = createClient(ShippingService, transportTo(dev, "shipping"));
  const recommendations = createClient(RecommendationService, transportTo(dev, "recommendations"));
  const inventory = createClient(InventoryService, transportTo(dev, "inventory"));

  const cartId = "polyglot-1";
  await cart.addItem({ cartId, sku: "apple", quantity: 2 });
  await cart.addItem({ cartId, sku: "fig", quantity: 1 });
  await cart.checkout({ cartId });

  const invoice = await until(
    "billing has the invoice",
    async () => (await billing.getInvoice({ cartId }).catch(() => undefined))?.invoice,
    arrivesMs,
  );
  t.equal(invoice.totalCents, 170n, "two apples at 45 and a fig at 80");

  const seen: ShipmentStatus[] = [];
  for await (const { shipment } of shipping.trackShipment({ cartId })) {
    seen.push(shipment?.status ?? ShipmentStatus.UNSPECIFIED);
    // Billing tells shipping to dispatch what is paid.
    if (seen.length === 1) await billing.pay({ cartId });
  }
  t.same(seen, [ShipmentStatus.PREPARED, ShipmentStatus.DISPATCHED]);

  await until(
    "recommendations knows what goes with an apple",
    async () => {
      const { recommendations: found } = await recommendations.recommend({ sku: "apple" });
      return found.some(({ sku, carts }) => sku === "fig" && carts === 1);
    },
    arrivesMs,
  );
  await until(
    "inventory has booked the order",
    async () => ((await inventory.getOrder({ cartId }).catch(() => undefined))?.deliveries ?? 0) > 0,
    arrivesMs,
  );
});
