// The one node of the embedded registry, in the shapes in which Consul shows a node.

export const datacenter = "dc1";
export const nodeName = "embedded";
/** The version whose behaviour this registry follows. */
export const consulVersion = "1.16.2";

const nodeId = "00000000-0000-4000-8000-73616d737065";

export interface NodeShape {
  readonly ID: string;
  readonly Node: string;
  readonly Address: string;
  readonly Datacenter: string;
  readonly TaggedAddresses: Readonly<Record<string, string>>;
  readonly Meta: Readonly<Record<string, string>>;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

export function nodeShape(address: string): NodeShape {
  return {
    ID: nodeId,
    Node: nodeName,
    Address: address,
    Datacenter: datacenter,
    TaggedAddresses: { lan: address, lan_ipv4: address, wan: address, wan_ipv4: address },
    Meta: { "consul-network-segment": "", "consul-version": consulVersion },
    CreateIndex: 1,
    ModifyIndex: 1,
  };
}

/** The node's own check, which every session is tied to unless it says otherwise. */
export const nodeCheckId = "serfHealth";
