// Requests are held to the rules of their proto file (https://protovalidate.com) before a handler sees them.
import { create, createRegistry, type DescMessage, type Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { Code } from "@connectrpc/connect";
import { CompilationError, createValidator, type Violation } from "@bufbuild/protovalidate";
import { detail, invalidConfiguration, SamspelError } from "../../errors/index.ts";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { withDependencies } from "../file-index.ts";

/** Looks at a message; throws SAMSPEL_INVALID_REQUEST where it breaks a rule. */
export type Check = (message: Message) => void;

const mostTold = 3;

/**
 * Makes the check of a message that has rules.
 * @throws SAMSPEL_INVALID_CONFIGURATION for rules that cannot be understood; it names the message and the reason (A1).
 */
export function createCheck(desc: DescMessage): Check {
  // With the file's own extensions: rules may be predefined there.
  const validator = createValidator({ registry: createRegistry(...withDependencies(desc.file)) });
  const first = validator.validate(desc, create(desc));
  if (first.kind === "error" && first.error instanceof CompilationError) {
    throw invalidConfiguration(
      `The rules of ${desc.typeName} in ${desc.file.name}.proto cannot be used: ${first.error.message}. Correct its ` +
        `(buf.validate) options`,
    );
  }
  return (message) => {
    const result = validator.validate(desc, message);
    if (result.kind === "valid") return;
    if (result.kind === "error") throw result.error;
    throw invalidRequest(desc, result.violations);
  };
}

function invalidRequest(desc: DescMessage, violations: readonly Violation[]): SamspelError {
  const told = violations.slice(0, mostTold).map((violation) => {
    const field = fieldOf(violation);
    return field === "" ? textOf(violation) : `${field}: ${textOf(violation)}`;
  });
  const more = violations.length - told.length;
  const [first] = violations;
  return new SamspelError(
    "SAMSPEL_INVALID_REQUEST",
    `${desc.typeName} is not valid: ${told.join("; ")}${more > 0 ? `; and ${more} more` : ""}`,
    {
      grpc: Code.InvalidArgument,
      metadata: first === undefined ? {} : { field: fieldOf(first), rule: first.ruleId },
      details: [
        detail(BadRequestSchema, {
          fieldViolations: violations.map((violation) => ({
            field: fieldOf(violation),
            description: textOf(violation),
            reason: violation.ruleId,
          })),
        }),
      ],
    },
  );
}

function fieldOf({ field }: Violation): string {
  return field.length === 0 ? "" : pathToString(field);
}

function textOf({ message, ruleId }: Violation): string {
  return message === "" ? ruleId : message;
}
