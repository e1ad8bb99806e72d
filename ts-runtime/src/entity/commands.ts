// The commands of an entity: the unary methods of its service, each with the key that says whom it is for.
import type { DescMethodUnary, DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { keyField } from "../descriptor/index.ts";
import { invalidConfiguration } from "../errors/index.ts";
import type { EntityCommand } from "./entity.ts";

/**
 * Reads the commands from a service's descriptor, by local name.
 * @throws SAMSPEL_INVALID_CONFIGURATION for a streaming method and for a request without a key.
 */
export function commandsOf(name: string, service: DescService): ReadonlyMap<string, EntityCommand> {
  return new Map(
    service.methods.map((method) => {
      if (method.methodKind !== "unary") {
        throw invalidConfiguration(
          `Entity ${name} cannot serve ${service.typeName}.${method.name}: a command is a unary method, so move it to a service of its own`,
        );
      }
      const key = keyField(method.input, `the request of a command of entity ${name}`);
      const readOnly = method.idempotency === Idempotency.NO_SIDE_EFFECTS;
      return [method.localName, { method: method as DescMethodUnary, key, readOnly }];
    }),
  );
}
