// Methods with options that a test gives them: descriptors as the compiler would make them, without a file.
import { create, createFileRegistry, setExtension, type DescMethod } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MethodOptionsSchema,
  ServiceOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  allow,
  allow_service,
  AllowOptionsSchema,
  type AllowOptions,
} from "../../ts-runtime/src/gen/samspel/v1/options_pb.ts";

/** The rule, and fields of it that no version has. */
export type Allowing = MessageInitShape<typeof AllowOptionsSchema> & Pick<AllowOptions, "$unknown">;

export interface MethodRules {
  /** `(samspel.v1.allow)` of the method. */
  readonly allow?: Allowing;
  /** `(samspel.v1.allow_service)` of its service. */
  readonly allowService?: Allowing;
}

/** The method `test.Ruled/Do`, with rules. */
export function ruledMethod(rules: MethodRules): DescMethod {
  const methodOptions = create(MethodOptionsSchema);
  if (rules.allow !== undefined) setExtension(methodOptions, allow, optionsOf(rules.allow));
  const serviceOptions = create(ServiceOptionsSchema);
  if (rules.allowService !== undefined)
    setExtension(serviceOptions, allow_service, optionsOf(rules.allowService));
  const file = create(FileDescriptorProtoSchema, {
    name: "ruled.proto",
    package: "test",
    syntax: "proto3",
    dependency: [],
    messageType: [{ name: "Empty" }],
    service: [
      {
        name: "Ruled",
        options: serviceOptions,
        method: [{ name: "Do", inputType: ".test.Empty", outputType: ".test.Empty", options: methodOptions }],
      },
    ],
  });
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));
  const method = registry.getService("test.Ruled")?.methods[0];
  if (method === undefined) throw new Error("the file has no method");
  return method;
}

function optionsOf(allowing: Allowing): AllowOptions {
  const { $unknown } = allowing;
  // `create` leaves it out.
  return Object.assign(create(AllowOptionsSchema, allowing), $unknown === undefined ? {} : { $unknown });
}
