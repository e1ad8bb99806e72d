// Where tells and their replies lie in JetStream: the wire contract, the same in every language
// (docs/concepts/tells.md; interop/vectors/tells.json has examples).
import type { DescMethod } from "@bufbuild/protobuf";
import { createHash } from "node:crypto";
import { partitionOf } from "../descriptor/index.ts";

/** How many partitions the tells of a proto service have; fixed for ever, as it stands in every stream. */
export const tellPartitions = 16;

/** Who handles tells, as the consumer group of their streams. */
export const tellGroup = "handler";

/** Which tell it is: an id counts for one method and one key. */
export interface TellIdentity {
  /** The full name of the proto service. */
  readonly service: string;
  /** The proto name of the method. */
  readonly method: string;
  /** The key of the request; the id where the request has none. */
  readonly key: string;
  readonly id: string;
}

/** The stream that holds the tells of a proto service, without the topic prefix. */
export function tellStream(service: string): string {
  return `tell_${service.replaceAll(".", "_")}`;
}

/** The subject of the tells of a key, without the topic prefix. */
export function tellSubject(service: string, key: string): string {
  return `tell.${service}.${partitionOf(key, tellPartitions)}`;
}

/** The subject of a partition, without the topic prefix. */
export function tellPartitionSubject(service: string, partition: number): string {
  return `tell.${service}.${partition}`;
}

/** Where a tell waits that JetStream delivers later, without the topic prefix: a subject of its own. */
export function laterSubject(service: string, token: string): string {
  return `later.${service}.${token}`;
}

/** The stream of what came of tells, without the topic prefix. */
export const replyStream = "tell_replies";

/** Where it is kept what came of a tell, without the topic prefix. */
export function replySubject(service: string, token: string): string {
  return `reply.${service}.${token}`;
}

/** The full name of a method, as in error messages. */
export function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}.${method.name}`;
}

/** What stands for a tell in subjects: 32 characters of the base64url of the SHA-256 of its parts, with line feeds between. */
export function tellToken({ service, method, key, id }: TellIdentity): string {
  return createHash("sha256").update([service, method, key, id].join("\n")).digest("base64url").slice(0, 32);
}
