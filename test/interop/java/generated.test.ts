// Java's generated code is of the protos as they are: the descriptors that its classes hold are compared with those of
// the TypeScript code, which CI generates anew.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary, toBinary, type DescFile } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { file_samspel_v1_errors } from "@samspel/runtime/gen/samspel/v1/errors_pb.js";
import { file_samspel_v1_options } from "@samspel/runtime/gen/samspel/v1/options_pb.js";
import { file_samspel_v1_subscribe } from "@samspel/runtime/gen/samspel/v1/subscribe_pb.js";
import { file_samspel_v1_tell } from "@samspel/runtime/gen/samspel/v1/tell_pb.js";
import t from "tap";
import { file_billing_v1_billing_api } from "../../../examples/shopping-cart/gen/billing/v1/billing_api_pb.ts";
import { file_billing_v1_billing_topics } from "../../../examples/shopping-cart/gen/billing/v1/billing_topics_pb.ts";
import { file_cart_v1_cart_topics } from "../../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";
import { file_shipping_v1_shipping_api } from "../../../examples/shopping-cart/gen/shipping/v1/shipping_api_pb.ts";
import { file_samspel_scenario_v1_scenario } from "../../../interop/typescript/gen/samspel/scenario/v1/scenario_pb.ts";

const root = join(import.meta.dirname, "../../..");
const library = "interop/java/library/src/main/java/samspel/v1";
const billing = "examples/shopping-cart/billing/src/main/java";

const generated: ReadonlyArray<readonly [code: string, file: DescFile]> = [
  [`${library}/Errors.java`, file_samspel_v1_errors],
  [`${library}/Options.java`, file_samspel_v1_options],
  [`${library}/Subscribe.java`, file_samspel_v1_subscribe],
  [`${library}/Tell.java`, file_samspel_v1_tell],
  [
    "interop/java/scenario/src/main/java/samspel/scenario/v1/Scenario.java",
    file_samspel_scenario_v1_scenario,
  ],
  [`${billing}/billing/v1/BillingApi.java`, file_billing_v1_billing_api],
  [`${billing}/billing/v1/BillingTopicsOuterClass.java`, file_billing_v1_billing_topics],
  [`${billing}/cart/v1/CartTopicsOuterClass.java`, file_cart_v1_cart_topics],
  [`${billing}/shipping/v1/ShippingApi.java`, file_shipping_v1_shipping_api],
];

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** The descriptor that a class holds as Java strings, one character a byte. */
function descriptorIn(code: string): Uint8Array {
  const data = /descriptorData = \{\n([\s\S]*?)\n {4}\};/.exec(code)?.[1] ?? "";
  const text = [...data.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, part = ""]) => part).join("");
  const bytes = text.replaceAll(/\\([0-7]{3}|.)/g, (_, escape: string) =>
    escape.length === 3 ? String.fromCharCode(parseInt(escape, 8)) : (escapes[escape] ?? escape),
  );
  return Buffer.from(bytes, "latin1");
}

/** Without the JSON names, which follow from the names, and without the comments. */
function essence(bytes: Uint8Array): string {
  const file = fromBinary(FileDescriptorProtoSchema, bytes);
  file.sourceCodeInfo = undefined;
  const strip = (messages: typeof file.messageType): void => {
    for (const { field, extension, nestedType } of messages) {
      for (const each of [...field, ...extension]) each.jsonName = "";
      strip(nestedType);
    }
  };
  strip(file.messageType);
  for (const each of file.extension) each.jsonName = "";
  return Buffer.from(toBinary(FileDescriptorProtoSchema, file)).toString("base64");
}

t.test("Java's generated code is of the protos: else run interop/java/generate.sh", (t) => {
  for (const [code, { name, proto }] of generated) {
    const found = descriptorIn(readFileSync(join(root, code), "utf8"));
    t.ok(found.length > 0, `${code} holds a descriptor`);
    t.equal(essence(found), essence(toBinary(FileDescriptorProtoSchema, proto)), name);
  }
  t.end();
});
