// A service in the test's process. To the others it dies and freezes like any: its edges do it, all that lead to it and from
// it. Its own code is not stopped in the middle: nothing in a process can do that.
import type { Edge, Fault } from "../faults/index.ts";
import type { ServiceFunction, ServiceSettings, StartedService } from "../service-spec.ts";
import type { Member, MemberState } from "./member.ts";

export interface InnerMemberOptions {
  readonly name: string;
  readonly settings: ServiceSettings;
  readonly start: ServiceFunction;
  /** All its edges. */
  readonly around: Edge;
  /** Told where it listens, and when nobody is to be heard there any more: each life has a port of its own. */
  readonly onPort: (port: number) => void;
  readonly onPortGone: (port: number) => void;
}

export function createInnerMember(options: InnerMemberOptions): Member {
  const { name, settings, start, around } = options;
  let state: MemberState = "down";
  let running: StartedService | undefined;
  let port: number | undefined;
  let fault: Fault | undefined;
  /** What was killed and still ends. */
  let dying: Promise<void> | undefined;

  const lift = (): void => {
    fault?.lift();
    fault = undefined;
  };
  const gone = (): void => {
    if (port !== undefined) options.onPortGone(port);
    port = undefined;
  };
  const end = async (): Promise<void> => {
    const ending = running;
    running = undefined;
    state = "down";
    await ending?.stop();
    gone();
  };
  const buried = async (): Promise<void> => {
    await dying;
    dying = undefined;
    lift();
  };

  return {
    name,
    get state() {
      return state;
    },
    get url() {
      return port === undefined ? undefined : `http://${settings.host}:${port}`;
    },
    async start() {
      await buried();
      running = await start(settings);
      if ("port" in running && typeof running.port === "number") {
        ({ port } = running);
        options.onPort(running.port);
      }
      state = "ready";
    },
    async stop() {
      await buried();
      await end();
    },
    kill() {
      lift();
      // Until the next start: what it still does while it ends reaches nobody, as if it were dead.
      fault = around.cut();
      gone();
      const ended = end();
      dying = Promise.all([dying, ended]).then(() => {});
      // Who needs its end waits for it.
      dying.catch(() => {});
      return Promise.resolve();
    },
    freeze() {
      if (state !== "ready") throw new TypeError(`Cannot freeze ${name} as it is ${state}`);
      fault = around.drop();
      state = "frozen";
    },
    thaw() {
      if (state !== "frozen") return;
      lift();
      state = "ready";
    },
  };
}
