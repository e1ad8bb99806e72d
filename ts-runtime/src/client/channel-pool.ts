// The channels of a process, one per address, shared by all proto services that an instance serves: an instance
// with five of them costs one connection.
import { baseUrlOf, createChannel, type Channel } from "./channel.ts";
import type { Target } from "./instance-source.ts";

export interface ChannelPool {
  /** The channel to a target; each `acquire` is undone by one `release`. */
  acquire(target: Target): Channel;
  release(channel: Channel): void;
  close(): void;
}

export function createChannelPool(): ChannelPool {
  const holders = new Map<Channel, { readonly baseUrl: string; count: number }>();
  const byUrl = new Map<string, Channel>();
  return {
    acquire(target) {
      const baseUrl = baseUrlOf(target);
      const channel = byUrl.get(baseUrl) ?? createChannel(baseUrl);
      byUrl.set(baseUrl, channel);
      const holder = holders.get(channel) ?? { baseUrl, count: 0 };
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
      byUrl.delete(holder.baseUrl);
      channel.retire();
    },
    close() {
      for (const channel of holders.keys()) channel.close();
      holders.clear();
      byUrl.clear();
    },
  };
}
