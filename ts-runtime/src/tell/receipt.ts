// What a sender has of a tell that is stored.
import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import type { Broker } from "../topic/index.ts";
import { tellToken, type TellIdentity } from "./address.ts";
import { awaitReply, type ReplyOptions } from "./replies.ts";
import { readToken, writeToken, type TellToken } from "./token.ts";

/** A tell that is stored. `String(receipt)` is its token, with which any process finds the reply. */
export interface Receipt<O extends DescMessage = DescMessage> {
  /** The command id under which it is handled: the `idempotencyKey`, or a random one. */
  readonly id: string;
  /**
   * The reply, when there is one: kept for 7 days.
   * @throws ConnectError as a call does where the handler rejected the tell, or it was given up.
   * @throws SAMSPEL_DEADLINE_EXCEEDED where none came in time; it may come later.
   * @throws SAMSPEL_REPLY_GONE where it is not kept any more, or was too large to be kept.
   */
  reply(options?: ReplyOptions): Promise<MessageShape<O>>;
  /** The token. */
  toString(): string;
}

/** Makes a receipt. */
export function createReceipt<O extends DescMessage>(
  broker: () => Promise<Broker>,
  method: DescMethodUnary<DescMessage, O>,
  identity: TellIdentity,
): Receipt<O> {
  const toldAtMs = Date.now();
  // Made when it is asked for: most tells are never looked after.
  const token = (): TellToken => ({ hash: tellToken(identity), toldAtMs });
  return {
    id: identity.id,
    reply: async (options) => awaitReply(await broker(), method, token(), options),
    toString: () => writeToken(token()),
  };
}

/**
 * The reply to a tell of which only the token is at hand.
 * @throws SAMSPEL_INVALID_REQUEST for what is no token, and as `Receipt.reply`.
 */
export async function replyByToken<O extends DescMessage>(
  broker: () => Promise<Broker>,
  method: DescMethodUnary<DescMessage, O>,
  { token, options }: { readonly token: string; readonly options?: ReplyOptions | undefined },
): Promise<MessageShape<O>> {
  const read = readToken(token);
  return awaitReply(await broker(), method, read, options);
}
