// The connections of one edge and the faults that hold for them, now and when they come.
import { connect, type Socket } from "node:net";
import { openLane, type Lane } from "./lane.ts";
import type { Rule } from "./rule.ts";

/** Where a connection leads. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Line {
  /** For people: `cart → inventory`. */
  readonly name: string;
  readonly connections: number;
  add(rule: Rule): void;
  remove(rule: Rule): void;
  /** Takes all rules away. */
  heal(): void;
  /** Breaks all connections, for both sides; returns how many there were. */
  reset(): number;
  /** Takes a connection in, and makes the one that it leads to. */
  carry(inward: Socket, target: Target): void;
}

interface Connection {
  readonly inward: Socket;
  readonly outward: Socket;
  readonly lanes: readonly Lane[];
}

export function createLine(name: string): Line {
  const rules = new Set<Rule>();
  const connections = new Set<Connection>();

  const reset = (): number => {
    const broken = connections.size;
    for (const { inward, outward } of connections) {
      inward.resetAndDestroy();
      outward.resetAndDestroy();
    }
    return broken;
  };
  const changed = (): void => {
    for (const { lanes } of connections) for (const lane of lanes) lane.changed();
  };

  return {
    name,
    get connections() {
      return connections.size;
    },
    add(rule) {
      rules.add(rule);
      if (rule.type === "cut" && reset() > 0) rule.strike();
      changed();
    },
    remove(rule) {
      rules.delete(rule);
      changed();
    },
    heal() {
      rules.clear();
      changed();
    },
    reset,
    carry(inward, target) {
      const cuts = [...rules].filter(({ type }) => type === "cut");
      if (cuts.length > 0) {
        for (const rule of cuts) rule.strike();
        inward.on("error", () => {}).resetAndDestroy();
        return;
      }
      const outward = connect({ ...target, allowHalfOpen: true, noDelay: true });
      // What broke is told by "close".
      for (const socket of [inward, outward]) socket.on("error", () => {});
      const connection: Connection = {
        inward,
        outward,
        lanes: [
          openLane({ source: inward, target: outward, direction: "requests", rules }),
          openLane({ source: outward, target: inward, direction: "answers", rules }),
        ],
      };
      connections.add(connection);
      let open = 2;
      for (const socket of [inward, outward]) {
        socket.once("close", () => {
          if (--open === 0) connections.delete(connection);
        });
      }
    },
  };
}
