// Billing's neighbours, in TypeScript: a service that publishes checkouts, hears of payments and is told to dispatch.
import { serve, startService, subscribe, topic, type ServiceContext } from "@samspel/runtime";
import type { Test } from "tap";
import { BillingTopics } from "../../../examples/shopping-cart/gen/billing/v1/billing_topics_pb.ts";
import { CartTopics } from "../../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";
import { ShippingService } from "../../../examples/shopping-cart/gen/shipping/v1/shipping_api_pb.ts";
import { consulUrl, natsUrl } from "../../support/environment.ts";
import { silentLogger } from "../../support/silent-logger.ts";

type Publish = (
  message: { readonly cartId: string; readonly items: Record<string, number> },
  options: { readonly id: string },
) => Promise<unknown>;

export interface Neighbours {
  /** Publishes a checkout, as the cart does. */
  checkOut(this: void, cartId: string, items: Readonly<Record<string, number>>): Promise<void>;
  /** The payments that were published, `<id> <cart> <cents>`, in the order of their arrival. */
  readonly paid: readonly string[];
  /** The carts whose shipment billing had dispatched. */
  readonly dispatched: readonly string[];
}

export async function startNeighbours(t: Test, prefix: string): Promise<Neighbours> {
  const paid: string[] = [];
  const dispatched: string[] = [];
  let publish: Publish | undefined;
  const shipping = serve(ShippingService, {
    getShipment: () => ({}),
    async *trackShipment() {},
    dispatch({ cartId }) {
      dispatched.push(cartId);
      return {};
    },
  });
  const service = await startService({
    name: "neighbours",
    services: [shipping],
    topics: [topic(CartTopics.method.checkedOut)],
    subscriptions: [
      (context: ServiceContext) => {
        const checkouts = context.topic(CartTopics.method.checkedOut);
        publish = (message, options) => checkouts.publish(message, options);
        return subscribe(BillingTopics.method.paid, {
          group: "neighbours",
          handler: ({ cartId, totalCents }, { id }) => void paid.push(`${id} ${cartId} ${totalCents}`),
        });
      },
    ],
    natsUrl: natsUrl(),
    registryUrl: consulUrl(),
    topicPrefix: prefix,
    ownsProcess: false,
    logger: silentLogger,
  });
  t.teardown(() => service.stop());
  return {
    async checkOut(cartId, items) {
      if (publish === undefined) throw new Error("the service has not started");
      await publish({ cartId, items: { ...items } }, { id: `cart/${cartId}/2` });
    },
    paid,
    dispatched,
  };
}
