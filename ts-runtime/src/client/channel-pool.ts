// The channels of a process, one per address and identity, shared by all proto services that an instance serves: an
// instance with five of them costs one connection.
import { baseUrlOf, createChannel, type SharedChannel } from "./channel.ts";
import type { Target } from "./instance-source.ts";
import { securityOf, type ClientIdentity } from "./security.ts";

export interface ChannelPool {
  /** Why a target may not be called (X1); undefined for one that may. */
  refusalOf(target: Target): string | undefined;
  /** The channel to a target that may be called; each `acquire` is undone by one `release`. */
  acquire(target: Target): SharedChannel;
  release(channel: SharedChannel): void;
  close(): void;
}

export function createChannelPool(own: ClientIdentity | undefined): ChannelPool {
  const holders = new Map<SharedChannel, { readonly key: string; count: number }>();
  const byKey = new Map<string, SharedChannel>();
  return {
    refusalOf(target) {
      const security = securityOf(target, own);
      return security.type === "refused" ? security.why : undefined;
    },
    acquire(target) {
      const security = securityOf(target, own);
      const baseUrl = baseUrlOf(target, security);
      // An address may pass from one service to another: the new one must show who it is.
      const key = security.type === "identity" ? `${baseUrl} ${security.service}` : baseUrl;
      const channel = byKey.get(key) ?? createChannel(baseUrl, security);
      byKey.set(key, channel);
      const holder = holders.get(channel) ?? { key, count: 0 };
      holder.count += 1;
      holders.set(channel, holder);
      return channel;
    },
    release(channel) {
      const holder = holders.get(channel);
      if (holder === undefined) return;
      holder.count -= 1;
      if (holder.count > 0) return;
      holders.delete(channel);
      byKey.delete(holder.key);
      channel.retire();
    },
    close() {
      for (const channel of holders.keys()) channel.close();
      holders.clear();
      byKey.clear();
    },
  };
}
