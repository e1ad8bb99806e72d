// A balancing policy for stock grpc-js channels, `samspel_least_loaded`: power of two choices on the calls in flight. Round
// robin, which is grpc-js' own, gives a slow instance as many calls as a quick one.
//
//   B1. Each call counts from its start to its end, whatever came of it; also over changes of the list and of connections.
//   B2. An instance that leaves gets no new call; its calls in flight end by themselves, as grpc-js has it.
//   B3. An endpoint that stands in the list several times has as many times the weight.
//   B4. Calls that are made at once see each other, though grpc-js starts none of them before a turn of the loop.
//   B5. All are connected all the time; calls wait while none of them is, and fail when none can be.
import {
  connectivityState as State,
  experimental,
  type ChannelOptions,
  type connectivityState,
} from "@grpc/grpc-js";
import { powerOfTwo, type Candidate } from "./power-of-two.ts";

/** The name of the policy, for a service config: `{ "loadBalancingConfig": [{ "samspel_least_loaded": {} }] }`. */
export const leastLoaded = "samspel_least_loaded";

class LeastLoadedConfig implements experimental.TypedLoadBalancingConfig {
  getLoadBalancerName(): string {
    return leastLoaded;
  }

  toJsonObject(): object {
    return { [leastLoaded]: {} };
  }

  static createFromJson(): LeastLoadedConfig {
    return new LeastLoadedConfig();
  }
}

/** One endpoint with its connection. */
class Member implements Candidate {
  weight = 1;
  readonly leaf: experimental.LeafLoadBalancer;
  #started = 0;
  /** Picks whose calls have not started; some never do. */
  #picked = 0;

  constructor(leaf: experimental.LeafLoadBalancer) {
    this.leaf = leaf;
  }

  get inFlight(): number {
    return this.#started + this.#picked;
  }

  /** B1 */
  pick(args: experimental.PickArgs): experimental.PickResult {
    const result = this.leaf.getPicker().pick(args);
    if (result.subchannel === null) return result;
    // B4
    if (this.#picked++ === 0) setImmediate(() => (this.#picked = 0));
    const { onCallStarted, onCallEnded } = result;
    return {
      ...result,
      onCallStarted: () => {
        this.#started++;
        if (this.#picked > 0) this.#picked--;
        onCallStarted?.();
      },
      onCallEnded: (...ending) => {
        this.#started--;
        onCallEnded?.(...ending);
      },
    };
  }
}

class LeastLoadedPicker implements experimental.Picker {
  readonly #pick: () => Member | undefined;

  constructor(ready: readonly Member[]) {
    this.#pick = powerOfTwo(ready);
  }

  pick(args: experimental.PickArgs): experimental.PickResult {
    return this.#pick()?.pick(args) ?? new experimental.UnavailablePicker().pick(args);
  }
}

class LeastLoadedBalancer implements experimental.LoadBalancer {
  readonly #channel: experimental.ChannelControlHelper;
  readonly #members = new Map<string, Member>();
  #state: connectivityState = State.IDLE;
  #lastError = "";
  #isUpdating = false;

  constructor(channel: experimental.ChannelControlHelper) {
    this.#channel = channel;
  }

  updateAddressList(
    endpoints: experimental.StatusOr<experimental.Endpoint[]>,
    config: experimental.TypedLoadBalancingConfig,
    options: ChannelOptions,
    note: string,
  ): boolean {
    if (!(config instanceof LeastLoadedConfig)) return false;
    if (!endpoints.ok) {
      if (this.#members.size === 0) this.#tell(State.TRANSIENT_FAILURE, endpoints.error);
      return true;
    }
    this.#isUpdating = true;
    const weights = new Map<string, number>();
    for (const endpoint of endpoints.value) {
      const name = experimental.endpointToString(endpoint);
      weights.set(name, (weights.get(name) ?? 0) + 1);
      if (!this.#members.has(name)) this.#members.set(name, this.#connect(endpoint, options, note));
    }
    for (const [name, member] of this.#members) {
      const weight = weights.get(name);
      if (weight !== undefined) {
        member.weight = weight;
        continue;
      }
      // B2
      this.#members.delete(name);
      member.leaf.destroy();
    }
    this.#isUpdating = false;
    this.#update();
    return true;
  }

  exitIdle(): void {
    for (const { leaf } of this.#members.values()) leaf.exitIdle();
  }

  resetBackoff(): void {}

  destroy(): void {
    for (const { leaf } of this.#members.values()) leaf.destroy();
    this.#members.clear();
  }

  getTypeName(): string {
    return leastLoaded;
  }

  #connect(endpoint: experimental.Endpoint, options: ChannelOptions, note: string): Member {
    const helper = experimental.createChildChannelControlHelper(this.#channel, {
      updateState: (state, _, errorMessage) => {
        // Who was connected and is no longer may have gone: the registry is asked.
        if (this.#state === State.READY && state !== State.READY) this.#channel.requestReresolution();
        if (errorMessage !== null) this.#lastError = errorMessage;
        this.#update();
      },
    });
    const leaf = new experimental.LeafLoadBalancer(endpoint, helper, options, note);
    leaf.startConnecting();
    return new Member(leaf);
  }

  /** B5 */
  #update(): void {
    if (this.#isUpdating) return;
    const members = [...this.#members.values()];
    const those = (state: connectivityState): readonly Member[] =>
      members.filter(({ leaf }) => leaf.getConnectivityState() === state);
    const ready = those(State.READY);
    if (ready.length > 0) {
      this.#state = State.READY;
      this.#channel.updateState(State.READY, new LeastLoadedPicker(ready), null);
    } else if (those(State.CONNECTING).length > 0) {
      this.#wait(State.CONNECTING);
    } else if (those(State.TRANSIENT_FAILURE).length > 0) {
      this.#tell(State.TRANSIENT_FAILURE, { details: `${leastLoaded}: no connection: ${this.#lastError}` });
    } else {
      this.#wait(State.IDLE);
    }
    for (const { leaf } of those(State.IDLE)) leaf.exitIdle();
  }

  #wait(state: connectivityState): void {
    this.#state = state;
    this.#channel.updateState(state, new experimental.QueuePicker(this), null);
  }

  #tell(state: connectivityState, status: { readonly details: string }): void {
    this.#state = state;
    this.#channel.updateState(state, new experimental.UnavailablePicker(status), status.details);
  }
}

/** Makes the policy known to grpc-js in this process; `registerConsulResolver` does so, too. */
export function registerLeastLoaded(): void {
  experimental.registerLoadBalancerType(leastLoaded, LeastLoadedBalancer, LeastLoadedConfig);
}
