import type { DescMethod, Registry } from "@bufbuild/protobuf";
import type { Clients } from "@samspel/runtime";
import type { DynamicCall } from "./call.ts";
import type { Requests } from "./requests.ts";
import type { Traced } from "./trace.ts";

/** A call of which everything is known that can be before it is made. */
export interface PreparedCall {
  readonly call: DynamicCall;
  readonly method: DescMethod;
  readonly types: Registry;
  readonly requests: Requests;
  readonly traced: Traced;
  readonly clients: Clients;
}
