// The dashboard's HTTP side: one port, closed to all but its own pages.
export { createAccess } from "./access.ts";
export { createAssets } from "./assets.ts";
export { listen, portOf } from "./http-server.ts";
export { createRpc } from "./rpc.ts";
