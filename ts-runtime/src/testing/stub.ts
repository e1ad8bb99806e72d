// Other services, as far as a test needs them: real clients, whose calls end in functions of the test.
import { create, type DescService, type Message } from "@bufbuild/protobuf";
import {
  createClient,
  createRouterTransport,
  type Client,
  type Interceptor,
  type ServiceImpl,
  type Transport,
} from "@connectrpc/connect";
import { toConnectError } from "../errors/index.ts";
import { withTell, type Teller, type TellingClient, type TellingClients } from "../tell/index.ts";

/** A stand-in for a service: give it to `testEntity`. */
export interface Stub {
  readonly service: DescService;
  /** Has some of the methods, by their local names. */
  readonly impl: object;
}

/** A unary call that a command handler made. */
export interface StubCall {
  /** The full name of the proto service. */
  readonly service: string;
  /** The local name of the method. */
  readonly method: string;
  readonly request: Message;
  /** Whether it was told in place of asked: `client(S).tell.…`. */
  readonly told?: true;
}

/**
 * Stands in for a service: `stub(InventoryService, { reserve: () => ({}) })`. Only the methods that are called need be
 * there. Requests and replies go through their bytes as on the wire, and what a method throws reaches the handler as a
 * `ConnectError`, as from the real service: `reject(…)` keeps its code, any other error becomes `Internal`.
 */
export function stub<S extends DescService>(service: S, impl: Partial<ServiceImpl<S>>): Stub {
  return { service, impl };
}

/** Clients that end in stubs, and what was called through them. */
export interface StubbedClients {
  readonly client: TellingClients["client"];
  readonly calls: readonly StubCall[];
  /** The first call that no stub answers, such as `inventory.v1.InventoryService.getStock`. */
  readonly missing: string | undefined;
}

export function stubbedClients(stubs: readonly Stub[]): StubbedClients {
  const calls: StubCall[] = [];
  let missing: string | undefined;
  const refuse = (what: string): never => {
    missing ??= what;
    throw new Error(`No stub of ${what}`);
  };
  const record: Interceptor = (next) => (request) => {
    if (!request.stream) {
      const { method, message } = request;
      calls.push({ service: method.parent.typeName, method: method.localName, request: message });
    }
    return next(request);
  };
  /** A client whose calls end in the stub of its service; one that only tells needs none. */
  const callsOf = <S extends DescService>(
    service: S,
    options: Parameters<TellingClients["client"]>[1],
  ): Client<S> => {
    const found = stubs.find((stub) => stub.service.typeName === service.typeName);
    const interceptors = [...(options?.interceptors ?? []), record];
    return createClient(service, transportOf(service, { impl: found?.impl ?? {}, interceptors, refuse }));
  };
  const teller: Pick<Teller, "tell"> = {
    async tell(method, request, options) {
      const message = create(method.input, request);
      calls.push({ service: method.parent.typeName, method: method.localName, request: message, told: true });
      return {
        id: options?.idempotencyKey ?? "told",
        reply: () => Promise.reject(new Error("A stub keeps no replies to tells")),
        toString: () => "told",
      };
    },
  };
  return {
    calls,
    get missing() {
      return missing;
    },
    client<S extends DescService>(
      service: S,
      options?: Parameters<TellingClients["client"]>[1],
    ): TellingClient<S> {
      return withTell(callsOf(service, options), { service, teller, circumstances: none });
    },
  };
}
const none = (): object => ({});

interface TransportParts {
  readonly impl: Stub["impl"];
  readonly interceptors: Interceptor[];
  readonly refuse: (what: string) => never;
}

function transportOf(service: DescService, { impl, interceptors, refuse }: TransportParts): Transport {
  const methods = service.methods.map((method) => {
    const given: unknown = Reflect.get(impl, method.localName);
    const missing = (): never => refuse(`${service.typeName}.${method.localName}`);
    return [method.localName, typeof given === "function" ? given.bind(impl) : missing] as const;
  });
  return createRouterTransport((router) => void router.service(service, Object.fromEntries(methods)), {
    transport: { interceptors },
    router: { interceptors: [asOnTheWire] },
  });
}

const asOnTheWire: Interceptor = (next) => async (request) => {
  try {
    return await next(request);
  } catch (error) {
    throw toConnectError(error);
  }
};
