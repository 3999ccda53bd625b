// The schemas of the contract, compiled by Ajv (JSON Schema 2020-12, as OpenAPI 3.1 has it) in its
// strict mode: a word or format that it does not know, a required member that is not described, is
// an error of the contract.
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { member, type Contract, type Json, type JsonObject } from "./contract.js";

const home = "rocd:/contract";

// Ajv knows nothing of an OpenAPI document around its schemas.
function relocated(node: Json): Json {
  if (Array.isArray(node)) return node.map(relocated);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => [
      name,
      name === "$ref" && typeof value === "string"
        ? value.replace("#/components/schemas/", `${home}#/$defs/`)
        : relocated(value),
    ]),
  );
}

export class Schemas {
  // Numbers in queries and headers are text.
  private readonly of_json = Schemas.compiler(false);
  private readonly of_text = Schemas.compiler(true);
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(contract: Contract) {
    const definitions = relocated(member(contract.document["components"], "schemas"));
    for (const ajv of [this.of_json, this.of_text]) {
      ajv.addSchema({ $id: home, $defs: definitions as JsonObject });
    }
    for (const name of Object.keys(definitions as JsonObject)) {
      this.validator({ $ref: `#/components/schemas/${name}` }, this.of_json);
    }
  }

  private static compiler(coerce: boolean): Ajv2020 {
    const ajv = new Ajv2020({ strict: true, allErrors: true, coerceTypes: coerce });
    formats.default(ajv);
    // OpenAPI's own, without a meaning for validation.
    ajv.addVocabulary(["example", "discriminator", "externalDocs", "x-errors"]);
    return ajv;
  }

  private validator(schema: JsonObject, ajv: Ajv2020): ValidateFunction {
    const key = JSON.stringify([schema, ajv === this.of_json]);
    const known = this.compiled.get(key);
    if (known !== undefined) return known;
    const made = ajv.compile(relocated(schema) as JsonObject);
    this.compiled.set(key, made);
    return made;
  }

  // "/source: what is wrong" for each mistake.
  check(value: Json, schema: JsonObject): string[] {
    return this.run(value, this.validator(schema, this.of_json));
  }

  check_text(text: string, schema: JsonObject): string[] {
    // Only members of something are converted.
    const wrapped = { type: "object", required: ["text"], properties: { text: schema } };
    return this.run({ text }, this.validator(wrapped, this.of_text));
  }

  private run(value: Json, validate: ValidateFunction): string[] {
    if (validate(value)) return [];
    return (validate.errors ?? []).map((error) => {
      const about = error.params as { [name: string]: unknown };
      const names = ["additionalProperty", "unevaluatedProperty", "allowedValues", "allowedValue"];
      const more = names.filter((name) => name in about).map((name) => JSON.stringify(about[name]));
      return `${error.instancePath || "/"} ${error.message ?? error.keyword} ${more.join(" ")}`.trim();
    });
  }
}
