// A dashboard's server without a system behind it: what the pages are developed and tested against. It serves the built
// pages under the same policy as the real one, so what that forbids fails here, too.
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  DashboardService,
  ServiceAction,
  ServiceState,
  type Method,
  type WatchSystemResponse,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { BackofficeService } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { InspectionService } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fakeBackoffice } from "./backoffice.ts";
import { fakeCall } from "./calls.ts";
import { cartType, createCarts } from "./carts.ts";
import { duration, time } from "./time.ts";
import { logLines } from "./logs.ts";
import { fakePolicies } from "./policies.ts";
import { shopMethods } from "./methods.ts";
import { shopAt, startedAt } from "./shop.ts";
import { createFakeTopics } from "./topics.ts";
import { traceList, traceOf } from "./traces.ts";

/** What the fake shows. */
export interface FakeOptions {
  /** The folder of the built pages. */
  readonly assets: string;
  /** The system at a turn of its clock. Default: the shop. */
  readonly system?: ((turn: number) => WatchSystemResponse) | undefined;
  /** Between two answers. Default 500 ms. */
  readonly turnMs?: number | undefined;
  readonly port?: number | undefined;
}

/** A running fake. */
export interface FakeDashboard {
  readonly url: string;
  readonly port: number;
  /** Ends all connections, as a restart does. */
  readonly close: () => Promise<void>;
  /** What the pages asked to be done with services. */
  readonly controlled: readonly string[];
  /** How many pages watch the system now. */
  readonly watchers: () => number;
  /** Changes what is shown from now on. */
  readonly show: (system: (turn: number) => WatchSystemResponse) => void;
  /** Has so many messages of the topic come at once. */
  readonly flood: (count: number) => void;
}

/** As the real server sends it. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** Starts a fake on the loopback. */
export async function startFakeDashboard(options: FakeOptions): Promise<FakeDashboard> {
  const carts = createCarts();
  const controlled: string[] = [];
  let watchers = 0;
  let system = options.system ?? shopAt;
  const ended = new AbortController();
  const topics = createFakeTopics(ended.signal);
  const routes = (router: ConnectRouter): void => {
    router.service(DashboardService, {
      async *watchSystem({ deltas }, { signal }) {
        let shown = system;
        watchers++;
        signal.addEventListener("abort", () => watchers--, { once: true });
        for (let turn = 0; !ended.signal.aborted && !signal.aborted; turn++) {
          yield deltas && turn > 0 && shown === system ? changesOf(system(turn), turn) : system(turn);
          shown = system;
          await sleep(options.turnMs ?? 500, undefined, {
            signal: AbortSignal.any([signal, ended.signal]),
          }).catch(() => undefined);
        }
      },
      listMethods: ({ protoService, method, brief }) => ({
        methods: shopMethods
          .filter((one) => protoService === "" || one.protoService === protoService)
          .filter((one) => method === "" || one.name === method)
          .map((one) => (brief ? briefly(one) : one)),
      }),
      ...topics.methods,
      call: (request, { signal }) => fakeCall(carts, request, AbortSignal.any([signal, ended.signal])),
      listTraces: ({ service, text, errors, minDuration }) => ({
        traces: traceList().filter(
          (trace) =>
            (service === "" || trace.services.includes(service)) &&
            trace.name.includes(text) &&
            (!errors || trace.errors > 0) &&
            durationMs(trace.duration ?? duration(0)) >= durationMs(minDuration ?? duration(0)),
        ),
      }),
      getTrace: ({ traceId }) => {
        const trace = traceOf(traceId);
        if (trace === undefined) throw new ConnectError(`trace ${traceId} is not kept`, Code.NotFound);
        return trace;
      },
      async *watchLogs(request, { signal }) {
        yield { lines: logLines(request, 0, 400) };
        for (let next = 400; request.follow && !ended.signal.aborted && !signal.aborted; next++) {
          await sleep(700, undefined, { signal: AbortSignal.any([signal, ended.signal]) }).catch(
            () => undefined,
          );
          yield { lines: logLines(request, next, 1) };
        }
      },
      controlService: ({ service, action }) => {
        controlled.push(`${action === ServiceAction.STOP ? "stop" : "restart"} ${service}`);
        const before = system;
        if (action === ServiceAction.STOP) system = (turn) => stopped(before(turn), service);
        return {};
      },
      getConfiguration: ({ service }) => ({
        settings: [
          {
            name: "DATABASE_URL",
            value: "postgres://postgres@127.0.0.1:20572/postgres",
            origin: "samspel dev",
          },
          { name: "NATS_URL", value: "nats://127.0.0.1:20488", origin: "samspel dev" },
          { name: "SAMSPEL_PORT", value: "52010", origin: "samspel.json" },
          { name: "SAMSPEL_SERVICE", value: service, origin: "samspel dev" },
          { name: "SAMSPEL_ZONE", value: "", origin: "default" },
        ],
        policies: shopMethods
          .filter((method) => method.services.includes(service))
          .map((method) => ({
            method: `${method.protoService}/${method.name}`,
            idempotency: method.idempotency,
            retried: method.idempotency !== "",
            tellable: method.tellable,
            public: method.http.length > 0,
            allowedServices: method.name === "Checkout" ? ["gateway"] : [],
            restricted: method.name === "Checkout",
          })),
      }),
    });
  };
  const passed = new Map<string, RequestListener>();
  const passOn = (service: string): RequestListener => {
    const known = passed.get(service);
    if (known !== undefined) return known;
    const made = connectNodeAdapter({
      requestPathPrefix: `/services/${service}`,
      routes: (router) => {
        router.service(BackofficeService, fakeBackoffice(service));
        router.service(InspectionService, {
          listEntityTypes: () => ({ entityTypes: service === "cart" ? [cartType] : [] }),
          listEntities: ({ idPrefix }) => ({
            entities: carts
              .ids()
              .filter((id) => id.startsWith(idPrefix))
              .map((entityId) => ({
                entityId,
                revision: BigInt(carts.revision(entityId)),
                lastEventTime: time(startedAt),
              })),
          }),
          getHistory: ({ entityId, afterRevision, limit }) => ({
            entries: [...carts.history(entityId, Number(afterRevision), limit)],
          }),
          getState: ({ entityId, revision }) => {
            const at = revision ?? BigInt(carts.revision(entityId));
            return { revision: at, state: carts.state(entityId, Number(at)) };
          },
          getPolicies: () => fakePolicies(service),
        });
      },
    });
    passed.set(service, made);
    return made;
  };
  const dashboardHandler = connectNodeAdapter({ routes });
  const serveFile = async (path: string, response: Parameters<RequestListener>[1]): Promise<void> => {
    const name = path.split("?")[0] ?? "/";
    const type = types[extname(name)];
    try {
      const body = await readFile(join(options.assets, type === undefined ? "index.html" : name));
      response.writeHead(200, {
        "content-type": type ?? "text/html; charset=utf-8",
        "content-security-policy": policy,
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  };
  const server = createServer((request, response) => {
    const service = /^\/services\/([^/]+)\//.exec(request.url ?? "")?.[1];
    if (service !== undefined) passOn(service)(request, response);
    else if (request.url?.startsWith(`/${DashboardService.typeName}/`)) dashboardHandler(request, response);
    else void serveFile(request.url ?? "/", response);
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    controlled,
    watchers: () => watchers,
    flood: topics.flood,
    show: (next) => {
      system = next;
    },
    close: async () => {
      ended.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function stopped(all: WatchSystemResponse, name: string): WatchSystemResponse {
  const services = all.services.map((service) =>
    service.name === name ? { ...service, state: ServiceState.DOWN, instances: [] } : service,
  );
  return { ...all, services };
}

function briefly(method: Method): Method {
  return { ...method, requestSchema: "", requestTemplate: "" };
}

/** A tenth of a large system, all of a small one. */
function changesOf(all: WatchSystemResponse, turn: number): WatchSystemResponse {
  const changes = (index: number): boolean => all.services.length < 50 || index % 10 === turn % 10;
  return {
    ...all,
    delta: true,
    services: all.services.filter((_, index) => changes(index)),
    edges: all.edges.filter((_, index) => changes(index)),
  };
}
