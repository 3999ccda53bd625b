// What the API tests asked and got, as test/api/exchange_record.hpp writes it.
import { readFileSync } from "node:fs";

export interface Request {
  method: string;
  path: string; // decoded, without query
  query: { [name: string]: string };
  headers: { [name: string]: string }; // names in lower case
  body?: string;
}

export interface Response {
  status: number;
  headers: { [name: string]: string }; // names in lower case
  bytes: number; // of the body
  body?: string; // if it is text
}

export interface Exchange {
  kind: "exchange";
  test: string;
  id: number;
  request: Request;
  response: Response;
  chunks: string[]; // what an open-ended answer went on with
}

// The server's own answer to bytes that may not even be a request.
export interface Refusal {
  kind: "refusal";
  test: string;
  response: Response;
}

interface Chunk {
  kind: "chunk";
  id: number;
  text: string;
}

export interface Record {
  exchanges: Exchange[];
  refusals: Refusal[];
}

export function read_record(file: string): Record {
  const record: Record = { exchanges: [], refusals: [] };
  const by_id = new Map<number, Exchange>();
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line === "") continue;
    const entry = JSON.parse(line) as Exchange | Refusal | Chunk;
    if (entry.kind === "refusal") record.refusals.push(entry);
    if (entry.kind === "exchange") {
      entry.chunks = [];
      record.exchanges.push(entry);
      by_id.set(entry.id, entry);
    }
    if (entry.kind === "chunk") {
      const exchange = by_id.get(entry.id);
      if (exchange === undefined) throw new Error(`a chunk of exchange ${entry.id}, which is not there`);
      exchange.chunks.push(entry.text);
    }
  }
  return record;
}
