// A service in a process of its own, in whatever language.
import { untilReady } from "../../dev/index.ts";
import { freePort, type SupervisedProcess, type Supervisor } from "../../process/index.ts";
import type { Member, MemberState } from "./member.ts";
import type { SystemLog } from "./log.ts";

const stopGraceMs = 8_000;

export interface ProcessMemberOptions {
  readonly name: string;
  /** Its name in the registry. */
  readonly registered: string;
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** The environment in which it listens on this port. */
  readonly env: (port: number) => Readonly<Record<string, string | undefined>>;
  readonly host: string;
  /** Told where it listens, and when nobody listens there any more: each life has a port of its own. */
  readonly onPort: (port: number) => void;
  readonly onPortGone: (port: number) => void;
  readonly registryUrl: string;
  readonly readyTimeoutMs: number;
  readonly supervisor: Supervisor;
  readonly log: SystemLog;
}

export function createProcessMember(options: ProcessMemberOptions): Member {
  const { name, host, supervisor, log } = options;
  let state: MemberState = "down";
  let child: SupervisedProcess | undefined;
  let port = 0;

  const signal = (name: "SIGSTOP" | "SIGCONT"): void => {
    // What it started itself belongs to it.
    if (child !== undefined && child.state.type === "running") process.kill(-child.pid, name);
  };
  const thaw = (): void => {
    if (state !== "frozen") return;
    signal("SIGCONT");
    state = "ready";
  };

  return {
    name,
    get state() {
      return state;
    },
    get url() {
      return state === "ready" || state === "frozen" ? `http://${host}:${port}` : undefined;
    },
    async start() {
      const [command, ...args] = options.command;
      const own = await freePort(host);
      const { cwd } = options;
      const env = options.env(own);
      const started = await supervisor.start({ name, command, args, cwd, env, graceMs: stopGraceMs });
      child = started;
      port = own;
      options.onPort(own);
      void started.ended.then(() => options.onPortGone(own));
      started.onLine(({ text }) => log.add(name, text));
      try {
        await untilReady(started, {
          name: options.registered,
          port: own,
          registryUrl: options.registryUrl,
          readyTimeoutMs: options.readyTimeoutMs,
          signal: new AbortController().signal,
          progress() {},
        });
      } catch (error) {
        await started.kill();
        throw error;
      }
      state = "ready";
      void started.ended.then(({ asked }) => {
        if (!asked && child === started) state = "crashed";
      });
    },
    async stop() {
      thaw();
      await child?.stop();
      state = "down";
    },
    async kill() {
      await child?.kill();
      state = "down";
    },
    freeze() {
      if (state !== "ready") throw new TypeError(`Cannot freeze ${name} as it is ${state}`);
      signal("SIGSTOP");
      state = "frozen";
    },
    thaw,
  };
}
