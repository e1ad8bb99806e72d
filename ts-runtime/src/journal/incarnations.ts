// Which server the journal appends to, as this process has seen them come (Q2).

export interface Incarnations {
  /** Grows with each new server; 0 before the first answer. */
  readonly current: number;
  /** What the current server said of itself; empty before the first answer. */
  readonly server: string;
  /** To be told what a server says of itself, with each of its answers. */
  note(server: string): void;
}

export function createIncarnations(): Incarnations {
  let current = 0;
  let known = "";
  return {
    get current() {
      return current;
    },
    get server() {
      return known;
    },
    note(server) {
      if (server === known) return;
      known = server;
      current++;
    },
  };
}
