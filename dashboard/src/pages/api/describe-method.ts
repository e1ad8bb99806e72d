// All that is known of one method.
import { Code, ConnectError } from "@connectrpc/connect";
import type { Method } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { dashboard } from "../../api/index.ts";

/** With its schema and template. */
export async function describeMethod(
  protoService: string,
  name: string,
  signal: AbortSignal,
): Promise<Method> {
  const { methods } = await dashboard.listMethods({ protoService, method: name }, { signal });
  const found = methods.find((method) => method.protoService === protoService && method.name === name);
  if (found === undefined) throw new ConnectError(`nobody serves ${protoService}/${name} now`, Code.NotFound);
  return found;
}
