// The rules of protovalidate, where generated code looks for them: `@samspel/runtime/gen/buf/validate/validate_pb.js`.
export * from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
