// A connection to NATS for one test.
import type { Test } from "tap";
import { openBroker, type Broker } from "../../ts-runtime/src/topic/index.ts";
import { natsUrl } from "./environment.ts";
import { testTopicPrefix } from "./isolation.ts";
import { silentLogger } from "./silent-logger.ts";

/**
 * Connects to NATS; the connection ends with the test. `url` is a server of the test's own, which needs no prefix.
 * Another instance of a service takes the prefix of the first.
 */
export async function testBroker(
  t: Test,
  { url, prefix }: { readonly url?: string; readonly prefix?: string } = {},
): Promise<Broker> {
  const broker = await openBroker({
    url: url ?? natsUrl(),
    prefix: prefix ?? (url === undefined ? testTopicPrefix(t) : ""),
    name: "test",
    logger: silentLogger,
  });
  t.teardown(() => broker.close());
  return broker;
}
