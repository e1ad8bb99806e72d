// What a customer will do, decided before the first request, so that a seed gives the same trips on any machine.
import { createRandom } from "./random.ts";

/** One request of a trip; `resend` sends it a second time, as a client does that lost the reply. */
export type Step =
  | { readonly type: "add"; readonly sku: string; readonly quantity: number; readonly resend: boolean }
  | { readonly type: "remove"; readonly sku: string; readonly resend: boolean }
  | { readonly type: "checkout"; readonly resend: boolean };

export interface Trip {
  readonly cartId: string;
  readonly steps: readonly Step[];
}

const resendRatio = 0.15;
const wrongQuantityRatio = 0.05;
const removeRatio = 0.15;
const checkoutRatio = 0.75;
const afterCheckoutRatio = 0.2;

/** Plans shopping trips: about a quarter of the carts are abandoned, some requests are wrong, some come too late. */
export function planTrips(
  trips: number,
  seed: number,
  skus: readonly [string, ...string[]],
): readonly Trip[] {
  return Array.from({ length: trips }, (_, index) => {
    const random = createRandom(seed * 1_000_003 + index);
    const resend = (): boolean => random.chance(resendRatio);
    const steps: Step[] = [];
    const added: string[] = [];
    for (let items = random.between(1, 6); items > 0; items--) {
      const sku = random.pick(skus);
      const quantity = random.chance(wrongQuantityRatio) ? -random.between(0, 2) : random.between(1, 5);
      steps.push({ type: "add", sku, quantity, resend: resend() });
      added.push(sku);
      const [first, ...rest] = added;
      if (first !== undefined && random.chance(removeRatio)) {
        steps.push({ type: "remove", sku: random.pick([first, ...rest]), resend: resend() });
      }
    }
    if (random.chance(checkoutRatio)) {
      steps.push({ type: "checkout", resend: resend() });
      if (random.chance(afterCheckoutRatio))
        steps.push({ type: "add", sku: random.pick(skus), quantity: 1, resend: false });
      if (random.chance(afterCheckoutRatio)) steps.push({ type: "checkout", resend: false });
    }
    return { cartId: `demo-${seed}-${index + 1}`, steps };
  });
}
