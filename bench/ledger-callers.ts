// Who calls the ledger's server in the measurement of calls: by our clients, by Connect's own transport and by grpc-js.
import { create, fromBinary, toBinary, type DescMethod } from "@bufbuild/protobuf";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";
import { EchoLedgerService, LedgerService } from "../test/gen/samspel/test/v1/ledger_pb.ts";
import { createClients } from "../ts-runtime/src/client/index.ts";
import { memo } from "./ledger.ts";
import type { Work } from "./load.ts";
import { oneInstance } from "./one-instance.ts";

/** The same transport's way to a command and to an echo of its size. */
export interface LedgerCaller {
  readonly name: string;
  readonly commands: Work;
  readonly echo: Work;
}

export interface LedgerCallers extends AsyncDisposable {
  readonly all: readonly LedgerCaller[];
}

function byClients(
  name: string,
  ledger: Client<typeof LedgerService>,
  echo: Client<typeof EchoLedgerService>,
): LedgerCaller {
  return {
    name,
    commands: (accountId) => ledger.deposit({ accountId, amount: 5n, memo }),
    echo: (accountId) => echo.echoDeposit({ accountId, amount: 5n, memo }),
  };
}

function byGrpcJs(client: grpc.Client): LedgerCaller {
  const call = ({ parent, name }: DescMethod, request: Uint8Array): Promise<Buffer> =>
    new Promise((resolve, reject) =>
      client.makeUnaryRequest(
        `/${parent.typeName}/${name}`,
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        Buffer.from(request),
        (error, answer) => (answer === undefined ? reject(error) : resolve(answer)),
      ),
    );
  const { deposit } = LedgerService.method;
  const { echoDeposit } = EchoLedgerService.method;
  return {
    name: "grpc-js",
    async commands(accountId) {
      const request = create(deposit.input, { accountId, amount: 5n, memo });
      return fromBinary(deposit.output, await call(deposit, toBinary(deposit.input, request)));
    },
    async echo(accountId) {
      const request = create(echoDeposit.input, { accountId, amount: 5n, memo });
      return fromBinary(echoDeposit.output, await call(echoDeposit, toBinary(echoDeposit.input, request)));
    },
  };
}

export function ledgerCallers(port: number): LedgerCallers {
  const clients = createClients({ registry: oneInstance(port) });
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` });
  const stock = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  return {
    all: [
      byClients("samspel", clients.client(LedgerService), clients.client(EchoLedgerService)),
      byClients(
        "Connect's transport",
        createClient(LedgerService, transport),
        createClient(EchoLedgerService, transport),
      ),
      byGrpcJs(stock),
    ],
    async [Symbol.asyncDispose]() {
      stock.close();
      await clients.close();
    },
  };
}
