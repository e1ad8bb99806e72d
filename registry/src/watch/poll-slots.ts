// How many services have a long poll of their own. Each one holds a connection, and Consul takes 200 of one address
// (`limits.http_max_conns_per_client`), for all processes of a machine that ask one agent.

export interface PollSlots {
  /** Takes a slot; false where none is free. */
  take(): boolean;
  give(): void;
}

export function createPollSlots(count: number): PollSlots {
  let free = count;
  return {
    take() {
      if (free === 0) return false;
      free -= 1;
      return true;
    },
    give() {
      free += 1;
    },
  };
}
