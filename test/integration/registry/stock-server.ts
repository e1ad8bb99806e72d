// An instance as a team with stock grpc-js has it: a server of its own, registered by the library, whose one method says who
// answers. Tests hold its answers up, and make it fail.
import { once, EventEmitter } from "node:events";
import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import type { Client, ServiceError } from "@grpc/grpc-js";
import type { Registration, RegistrationHandle, Registry } from "@samspel/registry";
import type { Test } from "tap";

export const orderService = "orders.v1.OrderService";
const whoAnswers = `/${orderService}/WhoAnswers`;

export interface StockServer {
  readonly name: string;
  readonly handle: RegistrationHandle;
  /** Calls that wait for their answer. */
  readonly held: number;
  /** Calls that came. */
  readonly calls: number;
  /** From now on calls wait until `release`. */
  hold(): void;
  release(): void;
  /** The next so many calls fail with UNAVAILABLE. */
  fail(count: number): void;
  /** Takes no more calls; resolves when those that run have ended. */
  drain(): Promise<void>;
}

export interface StockServerOptions {
  readonly registry: Registry;
  readonly name: string;
  readonly credentials?: ServerCredentials;
  readonly registration?: Partial<Registration>;
}

const asIs = (bytes: Buffer): Buffer => bytes;

export async function startStockServer(
  t: Test,
  { registry, name, credentials = ServerCredentials.createInsecure(), registration }: StockServerOptions,
): Promise<StockServer> {
  const server = new Server();
  const released = new EventEmitter().setMaxListeners(0);
  let [holds, held, calls, failures] = [false, 0, 0, 0];
  const answer = async (): Promise<Buffer> => {
    if (holds) {
      held++;
      await once(released, "release");
      held--;
    }
    return Buffer.from(name);
  };
  server.addService(
    {
      whoAnswers: {
        path: whoAnswers,
        requestStream: false,
        responseStream: false,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    },
    {
      whoAnswers(_: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) {
        calls++;
        if (failures > 0) {
          failures--;
          return reply({ code: status.UNAVAILABLE, details: "not now" });
        }
        answer().then(
          (bytes) => reply(null, bytes),
          (error: unknown) => reply({ code: status.INTERNAL, details: String(error) }),
        );
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
  const handle = await registry.register({
    name: "orders",
    address: "127.0.0.1",
    port,
    protoServices: [orderService],
    check: { type: "none" },
    ...registration,
  });
  return {
    name,
    handle,
    get held() {
      return held;
    },
    get calls() {
      return calls;
    },
    hold: () => void (holds = true),
    release() {
      holds = false;
      released.emit("release");
    },
    fail: (count) => void (failures = count),
    drain: () =>
      new Promise((resolve, reject) => server.tryShutdown((error) => (error ? reject(error) : resolve()))),
  };
}

/** Calls the method as generated code would; who answered. */
export function askWho(client: Client): Promise<string> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      whoAnswers,
      asIs,
      asIs,
      Buffer.alloc(0),
      { deadline: Date.now() + 20_000 },
      (error: ServiceError | null, bytes?: Buffer) =>
        error === null ? resolve(String(bytes)) : reject(error),
    );
  });
}
