// A connection to NATS that is made when it is first needed: who never tells needs none.
import { invalidConfiguration } from "../errors/index.ts";
import { openBroker, type Broker, type BrokerOptions } from "../topic/index.ts";

export interface LazyBroker extends AsyncDisposable {
  /**
   * The one connection; a failure is not kept, so that the next call tries again.
   * @throws SAMSPEL_INVALID_CONFIGURATION where no server is set; SAMSPEL_BROKER_UNREACHABLE.
   */
  connect(): Promise<Broker>;
}

/** `options` is undefined where no server is set. */
export function createLazyBroker(options: BrokerOptions | undefined): LazyBroker {
  let connecting: Promise<Broker> | undefined;
  let isOpen = true;
  return {
    connect() {
      if (options === undefined) {
        return Promise.reject(
          invalidConfiguration("NATS_URL is not set, but something is told: set it to nats://host:port"),
        );
      }
      if (!isOpen) return Promise.reject(new TypeError("Cannot tell as the clients are closed"));
      return (connecting ??= openBroker(options).catch((error: unknown) => {
        connecting = undefined;
        throw error;
      }));
    },
    async [Symbol.asyncDispose]() {
      isOpen = false;
      await (await connecting?.catch(() => undefined))?.close();
    },
  };
}
