// openapi/rocd.yaml as data: which operation a request belongs to, and what is written about its
// answers. Knows nothing of JSON Schema; schemas.ts does.
import { readFileSync } from "node:fs";
import { parse } from "yaml";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

export interface Operation {
  name: string; // "get /streams/{stream_uid}"
  method: string;
  path: string;
  parameters: JsonObject[]; // those of the path too, references followed
  node: JsonObject;
}

export interface Documented {
  response: JsonObject;
  by_default: boolean; // described by `default`, with all that any request may get
}

const methods = ["get", "put", "post", "delete", "patch"];

export function object(value: Json | undefined): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`expected an object, got ${JSON.stringify(value)}`);
  }
  return value;
}

// A member that is an object; an empty one if there is none.
export function member(value: Json | undefined, name: string): JsonObject {
  const found = value === undefined ? undefined : object(value)[name];
  return found === undefined ? {} : object(found);
}

export class Contract {
  readonly operations: Operation[] = [];

  constructor(readonly document: JsonObject) {
    for (const [path, item] of Object.entries(member(document, "paths"))) {
      for (const method of methods) {
        const node = object(item)[method];
        if (node === undefined) continue;
        const lists = [object(item)["parameters"], object(node)["parameters"]];
        const parameters = lists.flatMap((list) => (Array.isArray(list) ? list : []));
        this.operations.push({
          name: `${method} ${path}`,
          method,
          path,
          parameters: parameters.map((each) => this.resolve(each)),
          node: object(node),
        });
      }
    }
  }

  static read(file: string): Contract {
    return new Contract(parse(readFileSync(file, "utf8")) as JsonObject);
  }

  // Follows `$ref` as far as it goes.
  resolve(node: Json | undefined): JsonObject {
    const found = object(node);
    const reference = found["$ref"];
    if (typeof reference !== "string") return found;
    let target: Json | undefined = this.document;
    for (const name of reference.replace(/^#\//, "").split("/")) {
      target = object(target)[name.replaceAll("~1", "/").replaceAll("~0", "~")];
    }
    if (target === undefined) throw new Error(`${reference} leads nowhere`);
    return this.resolve(target);
  }

  // The operations at a path as it was requested; a path without parameters comes before one with.
  at(path: string): Operation[] {
    const fitting = this.operations.filter((each) => arguments_of(each.path, path) !== undefined);
    const exact = fitting.filter((each) => !each.path.includes("{"));
    return exact.length > 0 ? exact : fitting;
  }

  // What is written about this status of an operation.
  documented(operation: Operation, status: number): Documented | undefined {
    const responses = member(operation.node, "responses");
    const own = responses[String(status)];
    if (own !== undefined) return { response: this.resolve(own), by_default: false };
    if (responses["default"] === undefined) return undefined;
    const response = this.resolve(responses["default"]);
    return statuses(response).includes(status) ? { response, by_default: true } : undefined;
  }

  // What any request may be answered with, whatever it asks for.
  get any_problem(): JsonObject {
    return this.resolve({ $ref: "#/components/responses/Problem" });
  }

  // Each error_code with its status.
  get error_codes(): Map<string, number> {
    const codes = member(this.resolve({ $ref: "#/components/schemas/ErrorCode" }), "x-errors");
    return new Map(
      Object.entries(codes).map(([code, about]) => [code, Number(object(about)["status"])]),
    );
  }
}

// The statuses that a response named `default` stands for.
export function statuses(response: JsonObject): number[] {
  const list = response["x-statuses"];
  return Array.isArray(list) ? list.map(Number) : [];
}

// What a path has where the template has {names}; undefined if it does not fit.
export function arguments_of(template: string, path: string): Map<string, string> | undefined {
  const wanted = template.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const found = new Map<string, string>();
  for (const [i, segment] of wanted.entries()) {
    const text = given[i] ?? "";
    if (segment.startsWith("{") && text !== "") found.set(segment.slice(1, -1), text);
    else if (segment !== text) return undefined;
  }
  return found;
}
