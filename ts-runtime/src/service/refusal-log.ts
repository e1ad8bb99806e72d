// Who was turned away, in the log: each peer and reason now and then, so that nobody can fill the disk by knocking.
import type { Logger } from "../telemetry/index.ts";

const quietMs = 30_000;
const mostPeers = 1_000;

export interface RefusedPeer {
  readonly address: string;
  /** A stable word, such as `no-certificate`. */
  readonly reason: string;
  readonly message: string;
}

/** Logs a refused peer as a warning, at most every 30 s for each address and reason; what was left out is counted. */
export function createRefusalLog(logger: Logger): (refused: RefusedPeer) => void {
  const recent = new Map<string, { readonly at: number; suppressed: number }>();
  return ({ address, reason, message }) => {
    const key = `${address} ${reason}`;
    const now = performance.now();
    const last = recent.get(key);
    if (last !== undefined && now - last.at < quietMs) {
      last.suppressed += 1;
      return;
    }
    if (recent.size >= mostPeers) recent.clear();
    recent.set(key, { at: now, suppressed: 0 });
    logger.warn(
      { peer: address, reason, ...(last === undefined ? {} : { suppressed: last.suppressed }) },
      `a peer was turned away: ${message}`,
    );
  };
}
