/** Why a gateway cannot be started: the setting, its value and the fix. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
}
