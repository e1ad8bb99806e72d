// Python's generated code is of the protos as they are. No compiler for Python is at hand in CI, so the descriptors
// that the files hold are compared with those of the TypeScript code, which CI generates anew.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { clone, fromBinary, toBinary, type DescFile } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  type DescriptorProto,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { file_samspel_v1_errors } from "@samspel/runtime/gen/samspel/v1/errors_pb.js";
import { file_samspel_v1_options } from "@samspel/runtime/gen/samspel/v1/options_pb.js";
import { file_samspel_v1_subscribe } from "@samspel/runtime/gen/samspel/v1/subscribe_pb.js";
import { file_samspel_v1_tell } from "@samspel/runtime/gen/samspel/v1/tell_pb.js";
import t from "tap";
import { file_cart_v1_cart_topics } from "../../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";
import {
  file_inventory_v1_inventory_api,
  InventoryService,
} from "../../../examples/shopping-cart/gen/inventory/v1/inventory_api_pb.ts";
import { file_samspel_scenario_v1_scenario } from "../../../interop/typescript/gen/samspel/scenario/v1/scenario_pb.ts";

const root = join(import.meta.dirname, "../../..");
const library = join(root, "interop/python/src");
const inventory = join(root, "examples/shopping-cart/inventory/src");

const generated: ReadonlyArray<readonly [path: string, file: DescFile]> = [
  ...[file_samspel_v1_errors, file_samspel_v1_options, file_samspel_v1_subscribe, file_samspel_v1_tell].map(
    (file) => [moduleOf(library, file), file] as const,
  ),
  [moduleOf(inventory, file_cart_v1_cart_topics), file_cart_v1_cart_topics],
  [moduleOf(inventory, file_inventory_v1_inventory_api), file_inventory_v1_inventory_api],
  [join(root, "interop/python/scenario/gen/scenario_pb2.py"), file_samspel_scenario_v1_scenario],
];

function moduleOf(folder: string, file: DescFile): string {
  return join(folder, `${file.name}_pb2.py`);
}

/** The descriptor in a `_pb2.py`, read as text, so that no package of Python's has to be there. */
async function descriptorIn(path: string): Promise<FileDescriptorProto> {
  const program = `
import ast, sys
calls = (n for n in ast.walk(ast.parse(open(sys.argv[1]).read())) if isinstance(n, ast.Call))
print(next(c.args[0].value for c in calls if getattr(c.func, "attr", "") == "AddSerializedFile").hex())`;
  const { stdout } = await promisify(execFile)("python3", ["-c", program, path]);
  return fromBinary(FileDescriptorProtoSchema, Buffer.from(stdout.trim(), "hex"));
}

/** Without the JSON names: they follow from the names, and some compilers leave them out. */
function essence(file: FileDescriptorProto): Buffer {
  const copy = clone(FileDescriptorProtoSchema, file);
  const strip = ({ field, extension, nestedType }: DescriptorProto): void => {
    for (const each of [...field, ...extension]) each.jsonName = "";
    for (const each of nestedType) strip(each);
  };
  for (const message of copy.messageType) strip(message);
  for (const each of copy.extension) each.jsonName = "";
  return Buffer.from(toBinary(FileDescriptorProtoSchema, copy));
}

t.test(
  "Python's generated messages are those of the protos: else run interop/python/generate.sh",
  async (t) => {
    for (const [path, file] of generated) {
      const found = await descriptorIn(path);
      t.ok(essence(found).equals(essence(file.proto)), file.name);
      for (const field of found.messageType.flatMap((message) => message.field)) field.number += 1;
      for (const field of found.extension) field.number += 1;
      t.notOk(essence(found).equals(essence(file.proto)), `${file.name}: other numbers are found`);
    }
  },
);

t.test("Python's generated stubs call the methods of the protos", (t) => {
  const { typeName, methods } = InventoryService;
  const stubs = readFileSync(join(inventory, "inventory/v1/inventory_api_pb2_grpc.py"), "utf8");
  const called = [...stubs.matchAll(/'\/([\w.]+\/\w+)'/g)].map(([, path]) => path);
  t.same(new Set(called), new Set(methods.map(({ name }) => `${typeName}/${name}`)));
  t.end();
});
