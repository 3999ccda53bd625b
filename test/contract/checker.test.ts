// The checker finds what it is there for: on a small contract of its own.
import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "yaml";
import { Checker } from "./checker.js";
import { Contract, type JsonObject } from "./contract.js";
import type { Exchange, Response } from "./record.js";

const document = parse(`
openapi: 3.1.0
paths:
  /things/{uid}:
    parameters: [{ name: uid, in: path, required: true, schema: { type: string, minLength: 2 } }]
    get:
      parameters: [{ name: lines, in: query, schema: { type: integer } }]
      responses:
        "200":
          headers: { ETag: { required: true, schema: { type: string } } }
          content:
            application/json: { schema: { $ref: "#/components/schemas/Thing" } }
            text/event-stream: { schema: { type: string }, x-event-schema: { $ref: "#/components/schemas/Thing" } }
        "101": { description: a WebSocket, x-event-schema: { $ref: "#/components/schemas/Thing" } }
        "404": { $ref: "#/components/responses/Problem" }
        default: { $ref: "#/components/responses/Problem" }
    put:
      requestBody:
        content: { application/json: { schema: { $ref: "#/components/schemas/Thing" } } }
      responses: { "204": { description: done } }
components:
  responses:
    Problem:
      x-statuses: [405, 500]
      headers: { Allow: { schema: { type: string } } }
      content: { application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } } }
  schemas:
    Thing:
      type: object
      additionalProperties: false
      required: [at]
      properties: { at: { type: string, format: date-time } }
    ErrorCode:
      type: string
      enum: [not_found, method_not_allowed, defect]
      x-errors: { not_found: { status: 404 }, method_not_allowed: { status: 405 }, defect: { status: 500 } }
    Problem:
      type: object
      required: [type, status, error_code]
      properties:
        type: { type: string }
        status: { type: integer }
        error_code: { $ref: "#/components/schemas/ErrorCode" }
`) as JsonObject;

const thing = '{"at":"2026-11-20T12:00:00Z"}';

function response(status: number, type: string, body: string, headers = {}): Response {
  return { status, headers: { "content-type": type, ...headers }, bytes: body.length, body };
}

function problem(status: number, code: string, headers = {}): Response {
  const body = JSON.stringify({ type: `/docs#${code}`, status, error_code: code });
  return response(status, "application/problem+json", body, headers);
}

function exchange(response: Response, change: Partial<Exchange["request"]> = {}, ...chunks: string[]): Exchange {
  const request = { method: "GET", path: "/things/abc", query: {}, headers: {}, body: "", ...change };
  return { kind: "exchange", test: "", id: 1, request, response, chunks };
}

function mistakes(exchange: Exchange): string[] {
  return new Checker(new Contract(document)).exchange(exchange);
}

const good = response(200, "application/json; charset=utf-8", thing, { etag: '"1"' });
const follow = response(200, "text/event-stream", "", { etag: '"1"' });
const websocket = { status: 101, headers: {}, bytes: 0, body: "" };

test("what is documented passes", () => {
  assert.deepEqual(mistakes(exchange(good)), []);
  assert.deepEqual(mistakes(exchange(good, { method: "HEAD" })), []);
  assert.deepEqual(mistakes(exchange(good, { query: { lines: "3" } })), []);
  assert.deepEqual(mistakes(exchange(follow, {}, `id: 1\nevent: x\ndata: ${thing}\n\n:\n\n`)), []);
  assert.deepEqual(mistakes(exchange(follow, {}, "id: 1\n", `data: ${thing}\n\n`)), []);
  assert.deepEqual(mistakes(exchange(websocket, {}, thing, thing)), []);
  assert.deepEqual(mistakes(exchange(problem(404, "not_found"))), []);
  assert.deepEqual(mistakes(exchange(problem(404, "not_found"), { path: "/nowhere" })), []);
  const allow = { allow: "GET, HEAD, PUT, OPTIONS" };
  assert.deepEqual(mistakes(exchange(problem(405, "method_not_allowed", allow), { method: "POST" })), []);
  const written = { method: "PUT", body: thing, headers: { "content-type": "application/json" } };
  assert.deepEqual(mistakes(exchange(response(204, "", ""), written)), []);
});

const preflight = {
  method: "OPTIONS",
  headers: { origin: "https://a.example", "access-control-request-method": "PUT" },
};

test("a browser that asks first is told what is allowed", () => {
  const told = { "access-control-allow-methods": "GET, POST, PUT", "access-control-allow-origin": "https://a.example" };
  assert.deepEqual(mistakes(exchange({ status: 204, headers: told, bytes: 0 }, preflight)), []);
});

const wrong: [string, Exchange, string][] = [
  ["a route without a path", exchange(good, { path: "/other" }), "answered with 200, but the contract has no path for it"],
  ["a route without a method", exchange(good, { method: "POST" }), "answered with 200, but /things/{uid} has no POST in the contract"],
  ["a status", exchange(problem(409, "not_found")), "status 409 is not in the contract"],
  ["a status of any request", exchange(problem(418, "defect"), { path: "/other" }), "status 418 is not one that the contract has for any request (x-statuses)"],
  ["an unknown member", exchange(response(200, "application/json", '{"at":"2026-11-20T12:00:00Z","x":1}', { etag: "1" })), '/ must NOT have additional properties "x"'],
  ["a wrong format", exchange(response(200, "application/json", '{"at":"noon"}', { etag: "1" })), '/at must match format "date-time"'],
  ["a missing body", exchange(response(200, "application/json", "", { etag: "1" })), "no body, application/json is documented"],
  ["a body too many", exchange(response(204, "text/plain", "x"), { method: "PUT" }), "a body of text/plain, none is documented"],
  ["another content type", exchange(response(200, "text/plain", thing, { etag: "1" })), "content type 'text/plain' is not documented for 200"],
  ["a missing header", exchange(response(200, "application/json", thing)), "header ETag is missing"],
  ["an unknown header", exchange({ ...good, headers: { ...good.headers, "x-new": "1" } }), "header x-new is not documented"],
  ["an error_code with another status", exchange(problem(500, "not_found")), "not_found comes with 500, the contract has 404 for it (x-errors)"],
  ["a wrong Allow", exchange(problem(405, "method_not_allowed", { allow: "GET" }), { method: "POST" }), "Allow says 'GET', the contract 'GET, HEAD, OPTIONS, PUT'"],
  ["a method of a preflight", exchange({ status: 204, headers: { "access-control-allow-methods": "GET" }, bytes: 0 }, preflight), "a browser is not told that PUT is allowed"],
  ["an accepted query", exchange(good, { query: { all: "1" } }), "query parameter all is accepted, but not documented"],
  ["an accepted value", exchange(good, { query: { lines: "many" } }), "query parameter lines: 'many' is accepted, but /text must be integer"],
  ["an accepted path", exchange(good, { path: "/things/a" }), "path parameter uid: 'a' is accepted, but /text must NOT have fewer than 2 characters"],
  ["an accepted header", exchange(good, { headers: { "if-match": "1" } }), "header parameter if-match is accepted, but not documented"],
  ["an accepted body", exchange(response(204, "", ""), { method: "PUT", body: "{}", headers: { "content-type": "application/json" } }), "a body is accepted, but / must have required property 'at': {}"],
  ["an accepted type", exchange(response(204, "", ""), { method: "PUT", body: "x", headers: { "content-type": "text/plain" } }), "a body of type 'text/plain' is accepted, but not documented"],
  ["a wrong event", exchange(follow, {}, "data: {}\n\n"), "/ must have required property 'at'"],
  ["a wrong message", exchange(websocket, {}, "{}"), "/ must have required property 'at'"],
  ["an event without data", exchange(follow, {}, "id: 1\n\n"), "an event without data: id: 1"],
  ["a broken event", exchange(follow, {}, `date: ${thing}\n\n`), `'date: ${thing}' is no field of an event`],
];

for (const [what, given, expected] of wrong) {
  test(`${what} that is not documented is told`, () => {
    assert.ok(mistakes(given).includes(expected), `${JSON.stringify(mistakes(given))} lacks '${expected}'`);
  });
}

test("what was not exercised is told", () => {
  const checker = new Checker(new Contract(document));
  checker.exchange(exchange(good));
  const { missing } = checker.coverage;
  for (const each of ["get /things/{uid}: status 404", "get /things/{uid}: an event of 200", "error_code defect",
    "get /things/{uid}: query parameter lines", "put /things/{uid}: a body of application/json",
    "status 500 of any request", "get /things/{uid}: status 200 as text/event-stream"]) {
    assert.ok(missing.includes(each), `${each} is not in ${JSON.stringify(missing)}`);
  }
  assert.ok(!missing.includes("get /things/{uid}: status 200"));
  assert.ok(!missing.includes("get /things/{uid}: path parameter uid"));
});
