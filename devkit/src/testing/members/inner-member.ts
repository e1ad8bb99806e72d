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
  /** Told where it listens. */
  readonly onPort: (port: number) => void;
}

export function createInnerMember({ name, settings, start, around, onPort }: InnerMemberOptions): Member {
  let state: MemberState = "down";
  let running: StartedService | undefined;
  let url: string | undefined;
  let fault: Fault | undefined;
  /** What was killed and still ends. */
  let dying: Promise<void> | undefined;

  const lift = (): void => {
    fault?.lift();
    fault = undefined;
  };
  const end = async (): Promise<void> => {
    const ending = running;
    running = undefined;
    url = undefined;
    state = "down";
    await ending?.stop();
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
      return url;
    },
    async start() {
      await buried();
      running = await start(settings);
      if ("port" in running && typeof running.port === "number") {
        onPort(running.port);
        url = `http://${settings.host}:${running.port}`;
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
