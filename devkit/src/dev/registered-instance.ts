// Waits until the registry says that a service is there and well: what others see, not what the service says.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { RegisteredInstance } from "./dev.ts";

// Consul answers at once when something changed (R7).
const longPollSeconds = 10;
const retryMs = 100;

export interface PassingQuery {
  readonly registryUrl: string;
  readonly token?: string;
  readonly service: string;
  readonly port: number;
  readonly signal: AbortSignal;
  /** Told why it is not ready yet, each time that changes. */
  readonly waitingFor: (reason: string) => void;
}

/** An entry of `/v1/health/service/<name>`, as far as we read it. */
interface HealthEntry {
  readonly Node: { readonly Address: string };
  readonly Service: {
    readonly ID: string;
    readonly Address: string;
    readonly Port: number;
    readonly Tags: readonly string[] | null;
    readonly Meta: Readonly<Record<string, string>> | null;
  };
  readonly Checks: readonly { readonly Status: string; readonly Output?: string }[];
}

/** Resolves when the instance on this port passes all its checks and accepts connections. Rejects on the signal. */
export async function untilPassing(query: PassingQuery): Promise<RegisteredInstance> {
  let index = "0";
  for (;;) {
    query.signal.throwIfAborted();
    let entries: readonly HealthEntry[];
    try {
      [entries, index] = await readHealth(query, index);
    } catch (error) {
      query.signal.throwIfAborted();
      query.waitingFor(`the registry does not answer: ${reason(error)}`);
      await sleep(retryMs, undefined, { signal: query.signal });
      continue;
    }
    const entry = entries.find(({ Service }) => Service.Port === query.port);
    const failing = entry?.Checks.find(({ Status }) => Status !== "passing");
    if (entry === undefined)
      query.waitingFor(`waiting for it to register as ${query.service} on port ${query.port}`);
    else if (failing !== undefined)
      query.waitingFor(
        `registered, but its check is ${failing.Status}${failing.Output ? `: ${failing.Output}` : ""}`,
      );
    else if (await accepts(query.port, entry.Service.Address || entry.Node.Address)) return instanceOf(entry);
    else {
      // What a predecessor left in the registry passes until its check runs again.
      query.waitingFor(`registered, but port ${query.port} is not open`);
      index = "0";
      await sleep(retryMs, undefined, { signal: query.signal });
    }
  }
}

async function readHealth(
  { registryUrl, token, service, signal }: PassingQuery,
  index: string,
): Promise<readonly [readonly HealthEntry[], string]> {
  const url = new URL(`/v1/health/service/${service}`, registryUrl);
  if (index !== "0") url.search = `index=${index}&wait=${longPollSeconds}s`;
  const response = await fetch(url, {
    signal,
    headers: token === undefined ? {} : { "x-consul-token": token },
  });
  if (!response.ok) throw new Error(`${response.status} ${(await response.text()).trim()}`);
  // The shape is Consul's; registry's contract tests hold the embedded one to it.
  const entries = (await response.json()) as readonly HealthEntry[];
  return [entries, response.headers.get("x-consul-index") ?? "0"];
}

function instanceOf({ Node, Service }: HealthEntry): RegisteredInstance {
  return {
    id: Service.ID,
    address: Service.Address || Node.Address,
    port: Service.Port,
    protoServices: (Service.Tags ?? []).filter((tag) => tag !== "grpc"),
    meta: Service.Meta ?? {},
  };
}

function accepts(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
