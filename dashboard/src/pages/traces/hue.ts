// A colour of eight for each service, the same on every page.
import { services } from "../../api/index.ts";

const hueCount = 8;

/** By the place in the list of services, so that few have the same; those that are not in it by their names. */
export function serviceHue(service: string): number {
  const place = services.value.findIndex(({ name }) => name === service);
  if (place !== -1) return place % hueCount;
  let hash = 7;
  for (const char of service) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 9973;
  return hash % hueCount;
}
