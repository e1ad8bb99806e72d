// `consul:///orders.v1.OrderService`, and with a registry of its own `consul://10.0.0.7:8500/orders.v1.OrderService`.

export interface ConsulTarget {
  /** `host:port` of the registry; undefined for the default one. */
  readonly authority: string | undefined;
  readonly protoService: string;
}

/** @throws TypeError if the target names no proto service. */
export function parseConsulTarget(target: {
  readonly authority?: string;
  readonly path: string;
}): ConsulTarget {
  const protoService = target.path.replace(/^\/+/, "");
  if (!/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(protoService)) {
    throw new TypeError(
      `Cannot resolve "${target.path}" as it must be a full proto service name: use consul:///orders.v1.OrderService`,
    );
  }
  return { authority: target.authority === "" ? undefined : target.authority, protoService };
}
