// One call as its attempts see it: what it may do, and until when.
import type { DescMethod } from "@bufbuild/protobuf";
import type { Choice } from "../balance/index.ts";
import type { Balancing, CallPolicy, Policies } from "../policy/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { createDeadline, type Deadline } from "./deadline.ts";
import type { Instances } from "./instances.ts";
import type { MethodCalls, MethodCallsOf } from "./method-calls.ts";
import { keyInFrame, requestKey } from "./request-key.ts";
import type { RetryBudget } from "./retry-budget.ts";

/** What the calls of a proto service share. */
export interface CallEnvironment {
  readonly instances: Instances;
  readonly budget: RetryBudget;
  readonly registryUrl: string;
  readonly logger: Logger | undefined;
  /** Whether every call waits for an instance that can be reached, as `waitForReady` of a policy says for some (C2c). */
  readonly holds: boolean;
  readonly policies: Policies;
  /** The deadline of unary and client-streaming calls that set none, in place of their policy's. */
  readonly timeoutMs: number | undefined;
  readonly methodCalls: MethodCallsOf;
}

/** What a call begins with. */
export interface CallStart {
  readonly method: DescMethod;
  readonly signal: AbortSignal | undefined;
  /** What its caller has set, in milliseconds; 0 for no deadline, undefined for the policy's. */
  readonly timeoutMs: number | undefined;
  /** The request, or its frame, of calls that have one; its key says where it goes, where the policy says so. */
  readonly request?: unknown;
  /** False when the request can no longer be sent again, such as a stream that was begun. Default: it always can. */
  readonly repeatable?: () => boolean;
}

/** How long a call without a deadline waits for a first instance, where nothing else is said. */
const waitMs = 10_000;
const always = (): boolean => true;

export class Call implements Choice {
  readonly environment: CallEnvironment;
  readonly method: DescMethod;
  readonly signal: AbortSignal | undefined;
  readonly deadline: Deadline;
  /** As it was in force when the call began. */
  readonly policy: CallPolicy;
  readonly calls: MethodCalls;
  readonly repeatable: () => boolean;
  readonly balancing: Balancing;
  readonly key: string | undefined;
  readonly isStream: boolean;

  constructor(environment: CallEnvironment, { method, signal, timeoutMs, request, repeatable }: CallStart) {
    this.environment = environment;
    this.method = method;
    this.signal = signal;
    this.policy = environment.policies.ofMethod(method);
    this.calls = environment.methodCalls(method);
    const usual = this.calls.endsSoon ? environment.timeoutMs : undefined;
    const asked = timeoutMs ?? usual ?? this.policy.timeoutMs;
    this.deadline = createDeadline(asked !== undefined && asked > 0 ? asked : undefined);
    this.repeatable = repeatable ?? always;
    this.balancing = this.policy.balancing;
    this.key = this.balancing === "by-key" ? keyOf(method, request) : undefined;
    this.isStream = method.methodKind !== "unary";
  }

  /** For messages. */
  get name(): string {
    return this.calls.name;
  }

  /** Whether an instance that cannot be reached is waited for until the deadline (C2c). */
  get holds(): boolean {
    const { holds, instances } = this.environment;
    return holds || this.policy.waitForReady || instances.isDoubted;
  }

  /** Whether its caller has left. */
  get isLeft(): boolean {
    return this.signal?.aborted === true;
  }

  /** How long it waits for a first instance. */
  get patienceMs(): number {
    return Math.max(0, this.deadline.leftMs() ?? this.environment.timeoutMs ?? waitMs);
  }
}

function keyOf(method: DescMethod, request: unknown): string | undefined {
  return request instanceof Uint8Array ? keyInFrame(method, request) : requestKey(method, request);
}
