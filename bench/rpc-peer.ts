// One end of a measured connection, in a process of its own: one of ours in Node, by IPC, or the stock Go peer, by lines of
// JSON.
import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { startGrpcGo } from "../test/interop/grpc-go/grpc-go.ts";

export type Found = Record<string, number>;

export interface Peer {
  /** What it says when it is ready: a server its port. */
  readonly port: number;
  ask(question: object): Promise<Found>;
  end(): void;
}

const options = {
  execArgv: [
    "--conditions=samspel-source",
    "--expose-gc",
    ...process.execArgv.filter((it) => it.startsWith("--max") || it.startsWith("--no-")),
  ],
};

/** The stock peer in Go; all others are Node's. */
export const go = "grpc-go";

/** @param args of a client, where its server listens. */
export async function startPeer(
  role: "server" | "client",
  kind: string,
  ...args: readonly string[]
): Promise<Peer> {
  if (kind === go) return startGoPeer(role, args);
  const child = fork(new URL(`./rpc-${role}.ts`, import.meta.url), [kind, ...args], options);
  const said = async (): Promise<Found> => {
    const [message]: unknown[] = await once(child, "message");
    if (typeof message === "object" && message !== null) return { ...message };
    throw new Error(`A process said ${JSON.stringify(message)}`);
  };
  const { port = 0 } = await said();
  return {
    port,
    ask(question) {
      const answer = said();
      child.send(question);
      return answer;
    },
    end: () => child.disconnect(),
  };
}

async function startGoPeer(role: "server" | "client", ports: readonly string[]): Promise<Peer> {
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const { process: child, nextLine } = await startGrpcGo([
    role === "server" ? "bench-serve" : "bench-client",
    ...addresses,
  ]);
  const said = async (): Promise<Found> => JSON.parse(await nextLine());
  const { port = 0 } = await said();
  return {
    port,
    ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return said();
    },
    end: () => child.stdin.end(),
  };
}

/** Whether the stock peer in Go can be built here. */
export function hasGo(): boolean {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
