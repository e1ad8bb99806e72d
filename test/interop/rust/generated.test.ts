// Rust's generated code is of the protos as they are: the descriptors that the compiler wrote beside it are compared
// with those of the TypeScript code, which CI generates anew.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary, toBinary, type DescFile } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { file_samspel_v1_errors } from "@samspel/runtime/gen/samspel/v1/errors_pb.js";
import { file_samspel_v1_options } from "@samspel/runtime/gen/samspel/v1/options_pb.js";
import { file_samspel_v1_subscribe } from "@samspel/runtime/gen/samspel/v1/subscribe_pb.js";
import { file_samspel_v1_tell } from "@samspel/runtime/gen/samspel/v1/tell_pb.js";
import t from "tap";
import { file_cart_v1_cart_topics } from "../../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";
import { file_popular_v1_popular_items_api } from "../../../examples/shopping-cart/gen/popular/v1/popular_items_api_pb.ts";
import { file_recommendations_v1_recommendations_api } from "../../../examples/shopping-cart/gen/recommendations/v1/recommendations_api_pb.ts";
import { file_samspel_scenario_v1_scenario } from "../../../interop/typescript/gen/samspel/scenario/v1/scenario_pb.ts";

const root = join(import.meta.dirname, "../../..");

const generated: ReadonlyArray<readonly [folder: string, files: readonly DescFile[]]> = [
  [
    "interop/rust/samspel/src/gen",
    [file_samspel_v1_errors, file_samspel_v1_options, file_samspel_v1_subscribe, file_samspel_v1_tell],
  ],
  ["interop/rust/scenario/src/gen", [file_samspel_scenario_v1_scenario]],
  [
    "examples/shopping-cart/recommendations/src/gen",
    [
      file_cart_v1_cart_topics,
      file_popular_v1_popular_items_api,
      file_recommendations_v1_recommendations_api,
    ],
  ],
];

function essence(file: DescFile["proto"]): Buffer {
  const { sourceCodeInfo: _, ...rest } = fromBinary(
    FileDescriptorProtoSchema,
    toBinary(FileDescriptorProtoSchema, file),
  );
  return Buffer.from(toBinary(FileDescriptorProtoSchema, rest));
}

t.test("Rust's generated code is of the protos: else run interop/rust/generate.sh", (t) => {
  for (const [folder, files] of generated) {
    const set = fromBinary(FileDescriptorSetSchema, readFileSync(join(root, folder, "descriptors.bin")));
    for (const { name, proto } of files) {
      const found = set.file.find((file) => file.name === `${name}.proto`);
      t.ok(found !== undefined && essence(found).equals(essence(proto)), `${folder}: ${name}`);
      for (const message of proto.messageType) {
        const code = readFileSync(join(root, folder, `${proto.package}.rs`), "utf8");
        t.match(code, `pub struct ${message.name} `, `${folder} has ${message.name}`);
      }
    }
  }
  t.end();
});
