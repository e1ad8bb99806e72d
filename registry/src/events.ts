// What happens in the background of a registry client: for logs, never for control.
import type { RegistryError } from "./errors.ts";

export type RegistryEvent =
  /** An instance is in the registry; `again` if the registry had forgotten it, or its agent was away (R4). */
  | { readonly type: "registered"; readonly id: string; readonly again: boolean }
  | { readonly type: "deregistered"; readonly id: string }
  /** The registry did not take an instance's descriptors (R3); it is registered without, and they are tried again. */
  | { readonly type: "unpublished"; readonly id: string; readonly error: RegistryError }
  /** A watch or a registration lost the registry; what it knew is kept. Told once until it recovers. */
  | { readonly type: "unreachable"; readonly what: string; readonly error: RegistryError }
  | { readonly type: "recovered"; readonly what: string }
  /** An empty answer after a good one: the last good set is served for `graceMs` more (R5). */
  | { readonly type: "doubted"; readonly protoService: string; readonly graceMs: number }
  /** Entries of an answer were left out as nobody could call them. Told once until that changes. */
  | { readonly type: "discarded"; readonly what: string; readonly entries: number; readonly reason: string }
  /** The own datacenter has no instance: those of another one are used. */
  | { readonly type: "failover"; readonly protoService: string; readonly datacenter: string }
  /** The own datacenter has instances again. */
  | { readonly type: "failback"; readonly protoService: string }
  | { readonly type: "changed"; readonly protoService: string; readonly instances: number };
