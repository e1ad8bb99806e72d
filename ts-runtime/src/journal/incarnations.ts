// Which server the journal appends to, as this process has seen them come (Q2).
//
// A server is known by when it was started, and by the backends that answer. A backend that is new may mean that the
// old one crashed, and all others with it: commits that were not yet on the disk (`synchronous_commit = off`) are gone
// then, though the server goes on.

/** What a server says of itself. */
export interface Server {
  /** When it was started. */
  readonly since: string;
  /** The process that answers. */
  readonly pid: number;
}

export interface Incarnations {
  /** Grows with each server or backend that is new; 0 before the first answer. */
  readonly current: number;
  /** When the current server was started; empty before the first answer. */
  readonly since: string;
  /** Its backends that have answered. */
  readonly pids: readonly number[];
  /** To be told what a server says of itself, with each of its answers. */
  note(server: Server): void;
}

export function createIncarnations(): Incarnations {
  let current = 0;
  let known = "";
  let pids: readonly number[] = [];
  return {
    get current() {
      return current;
    },
    get since() {
      return known;
    },
    get pids() {
      return pids;
    },
    note({ since, pid }) {
      if (since === known && pids.includes(pid)) return;
      pids = since === known ? [...pids, pid].slice(-maxPids) : [pid];
      known = since;
      current++;
    },
  };
}

/** More than any pool has: behind a pooler of connections, many backends answer in turn. */
const maxPids = 1_000;
