// The picker that grpc-js' round robin has made for a channel, to measure beside ours. A policy of our own wraps round
// robin and keeps what it tells the channel.
import { Client, credentials, experimental, Metadata } from "@grpc/grpc-js";

type Picker = Parameters<experimental.ChannelControlHelper["updateState"]>[1];

class WrappingConfig implements experimental.TypedLoadBalancingConfig {
  getLoadBalancerName(): string {
    return "bench_wrapping";
  }
  toJsonObject(): object {
    return { bench_wrapping: {} };
  }
  static createFromJson(): WrappingConfig {
    return new WrappingConfig();
  }
}

let kept: Picker | undefined;

class WrappingBalancer implements experimental.LoadBalancer {
  readonly #child: experimental.ChildLoadBalancerHandler;
  constructor(helper: experimental.ChannelControlHelper) {
    this.#child = new experimental.ChildLoadBalancerHandler(
      experimental.createChildChannelControlHelper(helper, {
        updateState(state, picker, message) {
          kept = picker;
          helper.updateState(state, picker, message);
        },
      }),
    );
  }
  updateAddressList(
    endpoints: experimental.StatusOr<experimental.Endpoint[]>,
    _config: experimental.TypedLoadBalancingConfig,
    options: object,
    note: string,
  ): boolean {
    const config = experimental.selectLbConfigFromList([{ round_robin: {} }]);
    return config !== null && this.#child.updateAddressList(endpoints, config, options, note);
  }
  exitIdle(): void {
    this.#child.exitIdle();
  }
  resetBackoff(): void {
    this.#child.resetBackoff();
  }
  destroy(): void {
    this.#child.destroy();
  }
  getTypeName(): string {
    return "bench_wrapping";
  }
}

/** A pick of round robin over connected servers, and the end of its channel. */
export async function grpcJsPick(
  ports: readonly number[],
): Promise<{ readonly pick: () => unknown; readonly close: () => void }> {
  experimental.registerLoadBalancerType("bench_wrapping", WrappingBalancer, WrappingConfig);
  const client = new Client(
    `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(",")}`,
    credentials.createInsecure(),
    { "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ bench_wrapping: {} }] }) },
  );
  await new Promise<void>((resolve, reject) => {
    client.waitForReady(Date.now() + 10_000, (error) =>
      error === undefined || error === null ? resolve() : reject(error),
    );
  });
  const args = { metadata: new Metadata(), extraPickInfo: {} };
  return { pick: () => kept?.pick(args), close: () => client.close() };
}
