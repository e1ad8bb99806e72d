// `/v1/status/…` and `/v1/agent/self`: that there is a registry, and which.
import { consulVersion, datacenter, type NodeShape } from "./node.ts";
import type { Route } from "./router.ts";

export function statusRoutes(address: string, node: NodeShape): readonly Route[] {
  return [
    { method: "GET", path: "/v1/status/leader", handle: () => ({ body: address }) },
    { method: "GET", path: "/v1/status/peers", handle: () => ({ body: [address] }) },
    {
      method: "GET",
      path: "/v1/agent/self",
      handle: () => ({
        body: {
          Config: {
            Datacenter: datacenter,
            PrimaryDatacenter: datacenter,
            NodeName: node.Node,
            NodeID: node.ID,
            Server: true,
            Revision: "samspel-embedded",
            Version: consulVersion,
          },
          Member: { Name: node.Node, Addr: node.Address, Status: 1 },
          Meta: node.Meta,
        },
      }),
    },
  ];
}
