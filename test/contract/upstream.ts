// The contract is a superset of upstream rocd's (github.com/roc-streaming/rocd, openapi.json), so that
// applications written for it work here. upstream.json has what of that file matters.
//   upstream.js check CONTRACT FACTS      the contract has all of it
//   upstream.js compare ORIGINAL FACTS    upstream.json says what the original says; exits with 77 if
//                                         there is no original to compare with
//   upstream.js extract ORIGINAL          prints what belongs into upstream.json
import { existsSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { Contract, member, object, type Json, type JsonObject } from "./contract.js";

interface Facts {
  operations: { [name: string]: { operation_id: string; parameters: string[]; answer: string } };
  enums: { [schema: string]: string[] };
  objects: { [schema: string]: { required: string[]; properties: { [name: string]: string } } };
}

// Required upstream, but a bare rtp:// has no repair address, and rocd can choose addresses.
const may_be_missing: { [schema: string]: string[] } = {
  ExternalConnection: ["media_uri", "repair_uri", "control_uri"],
};

function strings(list: Json | undefined): string[] {
  return Array.isArray(list) ? list.map(String) : [];
}

// Components, and those that have only a title, by name.
function named_schemas(contract: Contract): Map<string, JsonObject> {
  const found = new Map<string, JsonObject>();
  const schemas = member(contract.document["components"], "schemas");
  for (const [name, schema] of Object.entries(schemas)) {
    found.set(name, object(schema));
    const choices = object(schema)["oneOf"];
    for (const choice of Array.isArray(choices) ? choices : []) {
      const resolved = contract.resolve(choice);
      if (typeof resolved["title"] === "string") found.set(resolved["title"], resolved);
    }
  }
  return found;
}

// "PeerSpec" or "list of PeerSpec".
function answer_of(contract: Contract, node: JsonObject): string {
  const responses = member(node, "responses");
  if (responses["200"] === undefined) return "nothing";
  const ok = contract.resolve(responses["200"]);
  const schema = member(member(ok, "content")["application/json"], "schema");
  const name = (reference: Json | undefined) => String(reference).split("/").at(-1)!;
  if (schema["type"] === "array") return `list of ${name(member(schema, "items")["$ref"])}`;
  return name(schema["$ref"]);
}

function facts_of(contract: Contract): Facts {
  const facts: Facts = { operations: {}, enums: {}, objects: {} };
  for (const { name, node, parameters } of contract.operations) {
    const required = parameters.filter((each) => each["required"] === true);
    facts.operations[name] = {
      operation_id: String(node["operationId"]),
      parameters: required.map((each) => `${each["in"]} ${each["name"]}`),
      answer: answer_of(contract, node),
    };
  }
  for (const [name, schema] of named_schemas(contract)) {
    if (schema["enum"] !== undefined) facts.enums[name] = strings(schema["enum"]);
    if (schema["type"] !== "object") continue;
    const properties = Object.entries(member(schema, "properties")).map(([property, node]) => {
      const resolved = contract.resolve(node);
      return [property, String(resolved["type"] ?? (resolved["oneOf"] ? "object" : "?"))];
    });
    facts.objects[name] = {
      required: strings(schema["required"]),
      properties: Object.fromEntries(properties) as { [name: string]: string },
    };
  }
  return facts;
}

function missing_operations(here: Facts, upstream: Facts): string[] {
  return Object.entries(upstream.operations).flatMap(([name, wanted]) => {
    const found = here.operations[name];
    if (found === undefined) return [`${name} is missing`];
    if (isDeepStrictEqual(found, wanted)) return [];
    return [`${name} is ${JSON.stringify(found)}, upstream ${JSON.stringify(wanted)}`];
  });
}

function missing_enums(here: Facts, upstream: Facts): string[] {
  return Object.entries(upstream.enums).flatMap(([name, values]) =>
    values
      .filter((value) => !(here.enums[name] ?? []).includes(value))
      .map((value) => `enum ${name} has no '${value}'`),
  );
}

function missing_members(here: Facts, upstream: Facts): string[] {
  return Object.entries(upstream.objects).flatMap(([name, wanted]) => {
    const found = here.objects[name];
    if (found === undefined) return [`schema ${name} is missing`];
    const mistakes: string[] = [];
    for (const [property, type] of Object.entries(wanted.properties)) {
      const own = found.properties[property];
      if (own !== type) mistakes.push(`${name}.${property} is ${own ?? "missing"}, upstream ${type}`);
    }
    for (const property of wanted.required) {
      const allowed = (may_be_missing[name] ?? []).includes(property);
      if (found.required.includes(property) === allowed) {
        mistakes.push(
          allowed
            ? `${name}.${property} is required now: take it out of may_be_missing`
            : `${name}.${property} is not required, but upstream it is`,
        );
      }
    }
    return mistakes;
  });
}

function check(contract: Contract, upstream: Facts): void {
  const here = facts_of(contract);
  const mistakes = [
    ...missing_operations(here, upstream),
    ...missing_enums(here, upstream),
    ...missing_members(here, upstream),
  ];
  for (const mistake of mistakes) console.error(mistake);
  const count = (part: object) => Object.keys(part).length;
  console.log(
    `${count(upstream.operations)} operations, ${count(upstream.enums)} enums, ` +
      `${count(upstream.objects)} objects of upstream: ${mistakes.length} mistakes`,
  );
  if (mistakes.length > 0) process.exitCode = 1;
}

const [what, first, second] = process.argv.slice(2);
if (what === "extract" && first !== undefined) {
  console.log(JSON.stringify(facts_of(Contract.read(first)), null, 2));
} else if (what === "check" && first !== undefined && second !== undefined) {
  check(Contract.read(first), JSON.parse(readFileSync(second, "utf8")) as Facts);
} else if (what === "compare" && first !== undefined && second !== undefined) {
  if (!existsSync(first)) {
    console.log(`NOT COMPARED: upstream's contract is not at ${first}`);
    process.exit(77);
  }
  const same = isDeepStrictEqual(facts_of(Contract.read(first)), JSON.parse(readFileSync(second, "utf8")));
  console.log(same ? "the same" : `${second} is not what upstream.js extract ${first} prints`);
  if (!same) process.exitCode = 1;
} else {
  throw new Error("usage: upstream.js check|compare|extract …, see upstream.ts");
}
