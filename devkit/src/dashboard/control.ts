// Starts, stops and restarts services.
import { Code, ConnectError } from "@connectrpc/connect";
import {
  ServiceAction,
  type ControlServiceRequest,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { DevError, type DevAction, type DevSystem } from "../dev/index.ts";

const actions: ReadonlyMap<ServiceAction, DevAction> = new Map([
  [ServiceAction.RESTART, "restart"],
  [ServiceAction.STOP, "stop"],
  [ServiceAction.START, "start"],
]);

/** @throws ConnectError that says why it could not be done. */
export async function controlService(
  system: DevSystem,
  { service, action }: ControlServiceRequest,
): Promise<void> {
  const wanted = actions.get(action);
  if (wanted === undefined)
    throw new ConnectError("Which action? Give RESTART, STOP or START", Code.InvalidArgument);
  const known = system.services().find(({ name }) => name === service);
  if (!system.controllable || known?.managed !== true) {
    throw new ConnectError(
      `Cannot ${wanted} ${service} as it was not started from here`,
      Code.FailedPrecondition,
    );
  }
  try {
    await system.control(service, wanted);
  } catch (error) {
    if (!(error instanceof DevError)) throw error;
    throw new ConnectError(error.message, Code.FailedPrecondition);
  }
}
