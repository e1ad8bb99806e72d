// A server of topics over gRPC for one test, as a service with topics is one.
import type { DescService } from "@bufbuild/protobuf";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { Transport } from "@connectrpc/connect";
import type { Test } from "tap";
import type { LiveTopicDescriptor } from "../../ts-runtime/src/descriptor/index.ts";
import { bind, startRpcServer, type RpcServer } from "../../ts-runtime/src/service/index.ts";
import {
  createGroupReaders,
  createTopicService,
  topicServiceImpl,
} from "../../ts-runtime/src/topic-stream/index.ts";
import type { Broker } from "../../ts-runtime/src/topic/index.ts";
import { CounterTopics } from "../gen/samspel/test/v1/counter_pb.ts";
import { counterTopic } from "./counter-topic.ts";
import { silentLogger as logger } from "./silent-logger.ts";

export interface TopicServer {
  readonly server: RpcServer;
  readonly url: string;
  readonly transport: Transport;
}

/** Serves the topic of counters, and others that are given; it ends with the test. */
export async function serveTopics(
  t: Test,
  broker: Broker,
  more: {
    readonly services?: readonly DescService[];
    readonly liveTopics?: readonly LiveTopicDescriptor[];
  } = {},
): Promise<TopicServer> {
  const { services = [], liveTopics = [] } = more;
  const readers = createGroupReaders(broker);
  const server = await startRpcServer({
    host: "127.0.0.1",
    port: 0,
    logger,
    bindings: [CounterTopics, ...services].map((service) =>
      bind(service, topicServiceImpl({ broker, readers }, service)),
    ),
    beside: [createTopicService({ broker, readers, topics: [counterTopic], liveTopics })],
  });
  t.teardown(async () => {
    await server.close();
    await readers[Symbol.asyncDispose]();
  });
  const url = `http://127.0.0.1:${server.port}`;
  return { server, url, transport: createGrpcTransport({ baseUrl: url }) };
}
