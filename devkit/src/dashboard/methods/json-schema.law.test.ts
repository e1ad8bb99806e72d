// The law of schemas (J1), over any message types: what protobuf writes the schema allows, what it allows protobuf
// reads, and templates are both.
import assert from "node:assert/strict";
import { fromJson, toJson, type DescMessage, type JsonValue } from "@bufbuild/protobuf";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import t from "tap";
import { anyMessage, anyType, type Draw } from "../../../../test/support/any-message.ts";
import { requestTemplate } from "../../dynamic/index.ts";
import { jsonSchema } from "./json-schema.ts";

const ajv = new Ajv2020({
  strict: true,
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
  validateFormats: false,
  allErrors: true,
  verbose: true,
  keywords: ["x-oneofs", "x-key"],
});

function validatorOf(desc: DescMessage): ValidateFunction {
  // By its text, as two types may have one name.
  return ajv.compile({ ...jsonSchema(desc) });
}

function check(numRuns: number, law: (draw: Draw) => void): void {
  fc.assert(
    fc.property(fc.gen(), (draw) => {
      law((arbitrary) => draw(() => arbitrary));
    }),
    { numRuns, endOnFailure: true },
  );
}

/** Numbers that no value of an enum has are written as numbers, which the schema leaves out (J1). */
function isUnknownEnumValue({ parentSchema, data }: ErrorObject): boolean {
  return typeof data === "number" && parentSchema?.["enum"] !== undefined;
}

function written(draw: Draw, desc: DescMessage): JsonValue | undefined {
  try {
    const json = toJson(desc, anyMessage(draw, desc, Infinity) as never);
    fromJson(desc, json);
    return json;
  } catch {
    // A required field lacks, or there is a value that no message can have.
    return undefined;
  }
}

t.test("jsonSchema() allows what protobuf writes", async (t) => {
  let checked = 0;
  check(150, (draw) => {
    const desc = anyType(draw);
    const validate = validatorOf(desc);
    for (let index = 0; index < 3; index++) {
      const json = written(draw, desc);
      if (json === undefined) continue;
      validate(json);
      const errors = (validate.errors ?? []).filter((error) => !isUnknownEnumValue(error));
      assert.deepEqual(
        errors.map(
          ({ instancePath, message, data }) => `${instancePath} ${message}: ${JSON.stringify(data)}`,
        ),
        [],
        JSON.stringify(json),
      );
      checked += 1;
    }
  });
  t.ok(checked > 100, `${checked} messages`);
});

const intruders: readonly JsonValue[] = [
  null,
  true,
  0,
  -1,
  1.5,
  "",
  "a",
  "1",
  "KIND_1",
  "NaN",
  [],
  [1],
  {},
  { no: 1 },
];

/** The JSON with another value somewhere, or with a field more. */
function changed(draw: Draw, json: JsonValue, desc: DescMessage): JsonValue {
  if (Array.isArray(json) && json.length > 0 && draw(fc.boolean())) {
    const at = draw(fc.nat({ max: json.length - 1 }));
    return json.map((item, index) => (index === at ? changed(draw, item, desc) : item));
  }
  if (typeof json === "object" && json !== null && !Array.isArray(json)) {
    const names = [...Object.keys(json), ...desc.fields.map(({ jsonName }) => jsonName), "no"];
    const name = draw(fc.constantFrom(...names));
    const before = json[name];
    const value =
      before === undefined || draw(fc.boolean())
        ? draw(fc.constantFrom(...intruders))
        : changed(draw, before, desc);
    return { ...json, [name]: value };
  }
  return draw(fc.constantFrom(...intruders));
}

t.test("jsonSchema() allows nothing that protobuf does not read", async (t) => {
  let [allowed, refused] = [0, 0];
  check(200, (draw) => {
    const desc = anyType(draw);
    const validate = validatorOf(desc);
    for (let index = 0; index < 10; index++) {
      const json = changed(draw, written(draw, desc) ?? {}, desc);
      // Half a character is text to JSON, and none to protobuf.
      if (/\\ud[89a-f]/i.test(JSON.stringify(json))) continue;
      if (!validate(json)) {
        refused += 1;
        continue;
      }
      assert.doesNotThrow(() => fromJson(desc, json), JSON.stringify(json));
      allowed += 1;
    }
  });
  t.ok(allowed > 100, `${allowed} allowed`);
  t.ok(refused > 100, `${refused} refused`);
});

t.test("requestTemplate() is allowed, and read", async () => {
  check(200, (draw) => {
    const desc = anyType(draw);
    const template: JsonValue = JSON.parse(requestTemplate(desc));
    const validate = validatorOf(desc);
    validate(template);
    // A message within one that contains itself is left empty, so it may lack what is required.
    const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== "required");
    assert.deepEqual(
      errors.map(({ instancePath, message, data }) => `${instancePath} ${message}: ${JSON.stringify(data)}`),
      [],
      requestTemplate(desc),
    );
    if ((validate.errors ?? []).length === 0) fromJson(desc, template);
  });
});
