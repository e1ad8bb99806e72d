// Everything that is registered, whatever its health: for people who look, not for calls.
import { asArray, asRecord, asString, asStrings, type ConsulHttp } from "../consul/index.ts";
import { grpcTag, type Instance } from "../instance.ts";
import { parseCandidate, type Health } from "../watch/index.ts";

/** One check of an instance, or of the node that it runs on. */
export interface CheckState {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  /** What the check saw last. */
  readonly output: string;
}

/** An instance with what its checks say: the worst of them is its health. */
export interface InstanceState extends Instance {
  readonly health: Health;
  readonly checks: readonly CheckState[];
  /** The node whose agent has it. */
  readonly node: string;
}

/** The instances of all services that speak gRPC or of one service, whatever it speaks, sorted by service and id. */
export async function readInstanceStates(
  http: ConsulHttp,
  service: string | undefined,
  signal: AbortSignal,
): Promise<readonly InstanceState[]> {
  const names = service === undefined ? await grpcServices(http, signal) : [service];
  const states: InstanceState[] = [];
  // One after the other: an agent allows a client 200 connections, and nobody is in a hurry here.
  for (const name of names) {
    states.push(...(await readServiceStates(http, name, signal)));
  }
  return states.toSorted((a, b) => (`${a.service} ${a.id}` < `${b.service} ${b.id}` ? -1 : 1));
}

/** The instances of one service, sorted by id. */
export async function readServiceStates(
  http: ConsulHttp,
  name: string,
  signal: AbortSignal,
): Promise<readonly InstanceState[]> {
  const path = `/health/service/${encodeURIComponent(name)}`;
  const { body } = await http.get({ what: `list the instances of ${name}`, path, signal });
  const states = asArray(body).map(asRecord).map(parseState);
  return states.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

async function grpcServices(http: ConsulHttp, signal: AbortSignal): Promise<readonly string[]> {
  const { body } = await http.get({ what: "list the services", path: "/catalog/services", signal });
  return Object.entries(asRecord(body))
    .filter(([, tags]) => asStrings(tags).includes(grpcTag))
    .map(([name]) => name);
}

function parseState(entry: Readonly<Record<string, unknown>>): InstanceState {
  const { instance, health } = parseCandidate(entry);
  const checks = asArray(entry["Checks"]).map((check) => {
    const { CheckID, Name, Status, Output } = asRecord(check);
    return {
      id: asString(CheckID),
      name: asString(Name),
      status: asString(Status),
      output: asString(Output).trim(),
    };
  });
  return { ...instance, health, checks, node: asString(asRecord(entry["Node"])["Node"]) };
}
