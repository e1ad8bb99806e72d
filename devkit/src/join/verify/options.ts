// What is verified, and how.

/** Options of `verifyService`, as the command line gives them. */
export interface VerifyOptions {
  /** The service's name in the registry; or `url`. */
  readonly name?: string | undefined;
  /** The address of a service that is not registered: the registry is not asked. */
  readonly url?: string | undefined;
  /** Which of its instances, by its id. Default: the first. */
  readonly instance?: string | undefined;
  readonly registryUrl: string;
  readonly token?: string | undefined;
  /** Rules to look at, or beginnings of their ids such as `REG`. Default: all. */
  readonly only?: readonly string[];
  /** Rules to leave out, in the same way. */
  readonly skip?: readonly string[];
  /** How long one answer may take. Default 5,000 ms. */
  readonly timeoutMs?: number;
  /** NATS, for topics and tells. */
  readonly natsUrl?: string | undefined;
  /** What stands before the names of streams. Default empty. */
  readonly topicPrefix?: string;
  /** The groups in which it consumes topics. Default: its name. */
  readonly groups?: readonly string[];
  /** Whether checks may change something: deregister it, and with `pid` end it. */
  readonly disruptive?: boolean;
  /** Its process on this machine, for the checks of its end. */
  readonly pid?: number | undefined;
  /** How long it may take to end on SIGTERM. Default 35,000 ms: 30 s for what is in flight, and a little. */
  readonly graceMs?: number;
  /** Whom we are where the service wants a certificate. Default `samspel-verify`. */
  readonly as?: string;
}

/** A wrong option; the message names it, its value and what it must be. */
export class VerifyOptionError extends Error {}
