// Is an answer, and the request that was accepted, as the contract says? Gives every mistake as a
// sentence, and says to Coverage what it saw.
import {
  arguments_of,
  member,
  object,
  statuses,
  type Contract,
  type Json,
  type JsonObject,
  type Operation,
} from "./contract.js";
import { Coverage } from "./coverage.js";
import { event_mistakes, message_mistakes } from "./event_stream.js";
import type { Exchange, Refusal, Request, Response } from "./record.js";
import { Schemas } from "./schemas.js";

// Of HTTP itself, and the same everywhere; with those by which browsers let pages of other sites read.
const transport_headers = [
  "access-control-allow-origin",
  "access-control-expose-headers",
  "cache-control",
  "connection",
  "content-length",
  "content-type",
  "date",
  "transfer-encoding",
  "vary",
  "x-content-type-options",
];
// Those of a request that change what it means.
const meaningful_headers = ["accept-encoding", "if-match", "if-none-match", "last-event-id"];

export function media_type(headers: { [name: string]: string }): string {
  return (headers["content-type"] ?? "").split(";")[0]!.trim().toLowerCase();
}

export class Checker {
  readonly coverage: Coverage;
  private readonly schemas: Schemas;

  constructor(private readonly contract: Contract) {
    this.schemas = new Schemas(contract);
    this.coverage = new Coverage(contract);
  }

  exchange(exchange: Exchange): string[] {
    const { request, response } = exchange;
    const there = this.contract.at(request.path);
    if (there.length === 0) return this.nothing_there(request, response);
    if (request.method === "OPTIONS") return this.options(there, request, response);
    const method = request.method === "HEAD" ? "get" : request.method.toLowerCase();
    const operation = there.find((each) => each.method === method);
    if (operation === undefined) return this.no_such_method(there, request, response);
    return [
      ...this.answer(operation, exchange),
      ...(response.status < 400 ? this.accepted(operation, request) : []),
    ];
  }

  refusal({ response }: Refusal): string[] {
    return this.any_problem(response);
  }

  // --- requests that are no operation of the contract ---

  private nothing_there(request: Request, response: Response): string[] {
    if (response.status === 404) return this.problem_body(response, this.contract.any_problem);
    if (request.path === "*" && request.method === "OPTIONS") return [];
    if (response.status >= 400) return this.any_problem(response);
    return [`answered with ${response.status}, but the contract has no path for it`];
  }

  private no_such_method(there: Operation[], request: Request, response: Response): string[] {
    if (response.status < 400) {
      return [`answered with ${response.status}, but ${there[0]!.path} has no ${request.method} in the contract`];
    }
    const mistakes = this.any_problem(response);
    return response.status === 405 ? [...mistakes, ...this.allow(there, response)] : mistakes;
  }

  private options(there: Operation[], request: Request, response: Response): string[] {
    if (response.status >= 400) return this.any_problem(response);
    if (request.headers["access-control-request-method"] !== undefined) return this.preflight(there, response);
    const wrong = response.status === 204 ? [] : [`OPTIONS is answered with ${response.status}, not 204`];
    return [...wrong, ...this.allow(there, response)];
  }

  // A browser asks whether a page may; what the resource has, it asks the resource.
  private preflight(there: Operation[], response: Response): string[] {
    const allowed = (response.headers["access-control-allow-methods"] ?? "").split(", ");
    const wanted = there.map((each) => each.method.toUpperCase());
    return wanted
      .filter((method) => !allowed.includes(method))
      .map((method) => `a browser is not told that ${method} is allowed`);
  }

  private allow(there: Operation[], response: Response): string[] {
    const expected = there.map((each) => each.method.toUpperCase());
    if (expected.includes("GET")) expected.push("HEAD");
    const wanted = [...expected, "OPTIONS"].sort().join(", ");
    const given = (response.headers["allow"] ?? "").split(", ").sort().join(", ");
    return given === wanted ? [] : [`Allow says '${given}', the contract '${wanted}'`];
  }

  // --- answers ---

  private answer(operation: Operation, { response, chunks }: Exchange): string[] {
    const documented = this.contract.documented(operation, response.status);
    if (documented === undefined) return [`status ${response.status} is not in the contract`];
    this.coverage.saw_status(operation, response.status, documented.by_default);
    // A 304 may repeat what the 200 has.
    const repeated = response.status === 304 ? this.contract.documented(operation, 200)?.response : undefined;
    const mistakes = this.headers(response, documented.response, repeated);
    const content = member(documented.response, "content");
    const type = media_type(response.headers);
    if (response.status === 101) {
      return [...mistakes, ...this.events(operation, 101, documented.response, (each) => message_mistakes(chunks, each))];
    }
    if (Object.keys(content).length === 0) {
      return response.bytes === 0 ? mistakes : [...mistakes, `a body of ${type}, none is documented`];
    }
    if (content[type] === undefined) {
      return [...mistakes, `content type '${type}' is not documented for ${response.status}`];
    }
    this.coverage.saw_response_type(operation, response.status, type);
    if (type === "text/event-stream") {
      const media = member(content, type);
      return [...mistakes, ...this.events(operation, 200, media, (each) => event_mistakes(chunks.join(""), each))];
    }
    return [...mistakes, ...this.body(response, type, member(content, type))];
  }

  private any_problem(response: Response): string[] {
    const documented = this.contract.any_problem;
    if (!statuses(documented).includes(response.status)) {
      return [`status ${response.status} is not one that the contract has for any request (x-statuses)`];
    }
    this.coverage.saw_any(response.status);
    return [...this.headers(response, documented), ...this.problem_body(response, documented)];
  }

  private problem_body(response: Response, documented: JsonObject): string[] {
    const type = "application/problem+json";
    if (media_type(response.headers) !== type) return [`an error that is not ${type}`];
    return this.body(response, type, member(documented["content"], type));
  }

  private headers(response: Response, documented: JsonObject, more: JsonObject = {}): string[] {
    const mistakes: string[] = [];
    const known = new Set(transport_headers);
    for (const name of Object.keys(member(more, "headers"))) known.add(name.toLowerCase());
    for (const [name, reference] of Object.entries(member(documented, "headers"))) {
      const header = this.contract.resolve(reference);
      const value = response.headers[name.toLowerCase()];
      known.add(name.toLowerCase());
      if (value === undefined) {
        if (header["required"] === true) mistakes.push(`header ${name} is missing`);
        continue;
      }
      for (const mistake of this.schemas.check_text(value, object(header["schema"]))) {
        mistakes.push(`header ${name}: '${value}' ${mistake}`);
      }
    }
    for (const name of Object.keys(response.headers)) {
      if (!known.has(name)) mistakes.push(`header ${name} is not documented`);
    }
    return mistakes;
  }

  private body(response: Response, type: string, media: JsonObject): string[] {
    if (response.bytes === 0) return [`no body, ${type} is documented`];
    if (!type.endsWith("json")) return [];
    if (response.body === undefined) return ["the body is not UTF-8"];
    const value = JSON.parse(response.body) as Json;
    const mistakes = this.schemas.check(value, object(media["schema"]));
    return type === "application/problem+json"
      ? [...mistakes, ...this.problem(object(value), response.status)]
      : mistakes;
  }

  // What holds between the members of a problem, and between it and its status.
  private problem(problem: JsonObject, status: number): string[] {
    const code = String(problem["error_code"]);
    this.coverage.saw_error_code(code);
    const mistakes: string[] = [];
    const expected = this.contract.error_codes.get(code);
    if (expected !== status) {
      mistakes.push(`${code} comes with ${status}, the contract has ${expected} for it (x-errors)`);
    }
    if (problem["status"] !== status) mistakes.push(`/status is not ${status}`);
    if (problem["type"] !== `/docs#${code}`) mistakes.push(`/type is not /docs#${code}`);
    return mistakes;
  }

  private events(
    operation: Operation,
    status: number,
    described: JsonObject,
    look: (check: (data: Json) => string[]) => string[],
  ): string[] {
    const schema = described["x-event-schema"];
    if (schema === undefined) return ["events without an x-event-schema in the contract"];
    return look((data) => {
      this.coverage.saw_event(operation, status);
      return this.schemas.check(data, object(schema));
    });
  }

  // --- requests that were accepted ---

  private accepted(operation: Operation, request: Request): string[] {
    return [...this.parameters(operation, request), ...this.request_body(operation, request)];
  }

  private parameters(operation: Operation, request: Request): string[] {
    const given = {
      path: Object.fromEntries(arguments_of(operation.path, request.path) ?? []),
      query: request.query,
      header: Object.fromEntries(
        Object.entries(request.headers).filter(([name]) => meaningful_headers.includes(name)),
      ),
    };
    return Object.entries(given).flatMap(([where, values]) =>
      Object.entries(values).flatMap(([name, value]) => {
        const parameter = operation.parameters.find(
          (each) => each["in"] === where && String(each["name"]).toLowerCase() === name.toLowerCase(),
        );
        if (parameter === undefined) return [`${where} parameter ${name} is accepted, but not documented`];
        this.coverage.saw_parameter(operation, parameter);
        if (value === "" && parameter["allowEmptyValue"] === true) return [];
        const mistakes = this.schemas.check_text(value, object(parameter["schema"]));
        return mistakes.map((mistake) => `${where} parameter ${name}: '${value}' is accepted, but ${mistake}`);
      }),
    );
  }

  private request_body(operation: Operation, { headers, body }: Request): string[] {
    if (operation.node["requestBody"] === undefined || body === undefined) return [];
    const documented = this.contract.resolve(operation.node["requestBody"]);
    const type = media_type(headers);
    const content = member(documented, "content");
    if (body === "") return documented["required"] === true ? ["accepted without its body"] : [];
    if (content[type] === undefined) return [`a body of type '${type}' is accepted, but not documented`];
    this.coverage.saw_request_type(operation, type);
    const mistakes = this.schemas.check(JSON.parse(body) as Json, object(member(content, type)["schema"]));
    return mistakes.map((mistake) => `a body is accepted, but ${mistake}: ${body}`);
  }
}
