// A gRPC server with a health service that tests steer, and a method that gives the server's name.
import { Server, ServerCredentials, type handleUnaryCall } from "@grpc/grpc-js";

export interface HealthServer {
  readonly port: number;
  /** What the health service answers from now on. */
  setServing(serving: boolean): void;
  close(): Promise<void>;
}

const method = (path: string) => ({
  path,
  requestStream: false,
  responseStream: false,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
});

/** Listens on a port of the system's choice, or on a given one. */
export async function startHealthServer(name: string, port = 0): Promise<HealthServer> {
  const server = new Server();
  let serving = true;
  const check: handleUnaryCall<Buffer, Buffer> = (_call, reply) =>
    reply(null, Buffer.from([0x08, serving ? 1 : 2]));
  const whoAnswers: handleUnaryCall<Buffer, Buffer> = (_call, reply) => reply(null, Buffer.from(name));
  server.addService({ check: method("/grpc.health.v1.Health/Check") }, { check });
  server.addService({ whoAnswers: method("/orders.v1.OrderService/WhoAnswers") }, { whoAnswers });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
  return {
    port: bound,
    setServing(next) {
      serving = next;
    },
    async close() {
      server.forceShutdown();
    },
  };
}
