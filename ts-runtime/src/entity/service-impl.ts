// The RPC side of an entity: each unary method of its service sends a command to the entity that the key names.
import type { Message } from "@bufbuild/protobuf";
import { Code, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { DescService } from "@bufbuild/protobuf";
import { principalOf } from "../auth/index.ts";
import {
  commandIdHeader,
  encodeEntityPosition,
  maxCommandIdLength,
  positionHeader,
} from "../client/index.ts";
import { keyOf } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import { requestHeaderOf } from "../grpc/index.ts";
import { callerOf } from "../service/index.ts";
import type { TellingClients } from "../tell/index.ts";
import { CallRequest } from "./call-request.ts";
import type { EntityCommand } from "./entity.ts";
import type { EntityHost } from "./entity-host.ts";

const maxIdLength = maxCommandIdLength;

/** Implements an entity's service. */
export function entityServiceImpl(
  host: EntityHost,
  clients: Pick<TellingClients, "within">,
): ServiceImpl<DescService> {
  const entityType = host.entity.name;
  const methods = [...host.entity.commands].map(([name, command]) => [
    name,
    (request: Message, context: HandlerContext) => {
      const entityId = entityIdOf(command, request);
      return host.ask(
        new CallRequest({
          command: name,
          entityId,
          request,
          commandId: commandIdOf(context),
          client: clients.within(context).client,
          call: context,
          caller: callerOf(context),
          principal: principalOf(context),
          onRevision: (revision) =>
            context.responseHeader.set(
              positionHeader,
              encodeEntityPosition({ entityType, entityId, revision }),
            ),
        }),
      );
    },
  ]);
  return Object.fromEntries(methods) as ServiceImpl<DescService>;
}

function entityIdOf(command: EntityCommand, request: Message): string {
  const id = keyOf(command.key, request);
  requireId(`${command.key.parent.typeName}.${command.key.name}`, id);
  return id;
}

function commandIdOf(context: HandlerContext): string | undefined {
  const id = requestHeaderOf(context, commandIdHeader);
  if (id !== undefined) requireId(`Header ${commandIdHeader}`, id);
  return id;
}

function requireId(what: string, id: string): void {
  if (id !== "" && id.length <= maxIdLength && !id.includes("\0")) return;
  const value = id.length <= maxIdLength ? JSON.stringify(id) : `${id.length} characters`;
  throw new SamspelError(
    "SAMSPEL_INVALID_REQUEST",
    `${what} must be 1 to ${maxIdLength} characters without NUL: current value is ${value}`,
    {
      grpc: Code.InvalidArgument,
      metadata: { field: what },
    },
  );
}
