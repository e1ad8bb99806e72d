// What the dashboard's server is to those who start it: `samspel dev`, and `samspel dashboard` beside a running system.
import type { Collector } from "../collector/index.ts";
import type { DevSystem } from "../dev/index.ts";

export interface DashboardOptions {
  /** Default: what the registry alone knows, of which nothing can be controlled. */
  readonly system?: DevSystem | undefined;
  /** Where traces and traffic come from. Default: none. */
  readonly collector?: Collector | undefined;
  /** Consul's HTTP address. */
  readonly registryUrl: string;
  /** Its ACL token. Default: as `CONSUL_HTTP_TOKEN` has it. */
  readonly registryToken?: string | undefined;
  /** NATS with JetStream, for tells. Default: telling is refused. */
  readonly natsUrl?: string | undefined;
  /** `SAMSPEL_TOPIC_PREFIX` of the services. Default: empty. */
  readonly topicPrefix?: string | undefined;
  /** Where the gateway listens. Default: there is none. */
  readonly gatewayUrl?: string | undefined;
  /**
   * Where to listen. Default `127.0.0.1`. Whoever reaches the dashboard can call every method and stop services: any
   * other than a loopback address takes a `token`.
   */
  readonly host?: string | undefined;
  /** 0: one that is free. */
  readonly port: number;
  /** The folder of the built pages. Default: the one of the package. */
  readonly assets?: string | undefined;
  /** Who opens the dashboard must show it: by the link `url`, once. Default: none. */
  readonly token?: string | undefined;
  /** Names besides `localhost` under which browsers reach it, such as that of a proxy. Default: none. */
  readonly allowedHosts?: readonly string[] | undefined;
}

/** A dashboard that listens. */
export interface Dashboard extends AsyncDisposable {
  /** To open in a browser; with the token, where there is one. */
  readonly url: string;
  /** Ends all streams and stops listening. */
  close(): Promise<void>;
}
