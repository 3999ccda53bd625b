// What Redocly's rules leave unchecked: that every body has an example (in its media type, or in its
// schema), and that the examples of headers are valid.
import { member, object, type Contract, type Json, type JsonObject } from "./contract.js";
import { Schemas } from "./schemas.js";

function has_example(contract: Contract, media: JsonObject): boolean {
  if (media["example"] !== undefined || media["examples"] !== undefined) return true;
  let schema = contract.resolve(member(media, "schema"));
  if (schema["type"] === "array") schema = contract.resolve(schema["items"]);
  // Whatever object it is, it explains itself.
  return schema["examples"] !== undefined || schema["properties"] === undefined;
}

export function bodies_without_example(contract: Contract): string[] {
  const missing = new Set<string>();
  const look = (where: string, node: Json | undefined) => {
    const content = member(contract.resolve(node), "content");
    for (const [type, media] of Object.entries(content)) {
      const shown = !type.endsWith("json") && type !== "text/event-stream";
      if (!shown && !has_example(contract, object(media))) missing.add(`${where} as ${type}: there is no example`);
    }
  };
  for (const { name, node } of contract.operations) {
    if (node["requestBody"] !== undefined) look(`${name}: the request`, node["requestBody"]);
    for (const [status, response] of Object.entries(member(node, "responses"))) {
      look(`${name}: ${status}`, response);
    }
  }
  return [...missing];
}

export function wrong_header_examples(contract: Contract): string[] {
  const schemas = new Schemas(contract);
  return Object.entries(member(contract.document["components"], "headers")).flatMap(([name, header]) => {
    const { example, schema } = object(header);
    if (example === undefined) return [];
    const mistakes = schemas.check_text(String(example), object(schema));
    return mistakes.map((mistake) => `header ${name}: the example '${String(example)}' ${mistake}`);
  });
}
