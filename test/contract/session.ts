// session.js ROCD CONTRACT: creates, listens, changes and deletes, at a real rocd, with a client that is
// generated from the contract; and every answer is as the contract says, here over real HTTP.
import assert from "node:assert/strict";
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./api.js";
import { Checker } from "./checker.js";
import { Contract } from "./contract.js";
import { Daemon, within } from "./daemon.js";
import type { Exchange } from "./record.js";

type Event = components["schemas"]["Event"];
type LogLine = components["schemas"]["LogLine"];

const deadline_ms = 30_000;
const exchanges: Exchange[] = [];
const sent = new WeakMap<globalThis.Request, string>(); // bodies

// Keeps what was asked and answered, for the checker.
const recorder: Middleware = {
  async onRequest({ request }) {
    sent.set(request, await request.clone().text());
  },
  async onResponse({ request, response }) {
    const url = new URL(request.url);
    const open_ended = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    const body = open_ended ? "" : await response.clone().text();
    exchanges.push({
      kind: "exchange",
      test: "session",
      id: exchanges.length,
      request: {
        method: request.method,
        path: decodeURIComponent(url.pathname),
        query: Object.fromEntries(url.searchParams),
        headers: Object.fromEntries(request.headers),
        body: sent.get(request) ?? "",
      },
      response: {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        bytes: body.length,
        body,
      },
      chunks: [],
    });
  },
};
// The data of server-sent events, one after the other; what is read is recorded with the last exchange.
class Listener<T> {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly decoder = new TextDecoder();
  private readonly exchange = exchanges.at(-1)!;
  private text = "";

  constructor(body: ReadableStream<Uint8Array>) {
    this.reader = body.getReader();
  }

  // undefined: the other side has ended it.
  async next(): Promise<T | undefined> {
    for (;;) {
      const end = this.text.indexOf("\n\n");
      if (end >= 0) {
        const block = this.text.slice(0, end + 2);
        this.text = this.text.slice(end + 2);
        this.exchange.chunks.push(block);
        const data = block.split("\n").find((line) => line.startsWith("data: "));
        if (data !== undefined) return JSON.parse(data.slice(6)) as T;
        continue; // a comment
      }
      const { done, value } = await within(deadline_ms, "an event", this.reader.read());
      if (done) return undefined;
      this.text += this.decoder.decode(value, { stream: true });
    }
  }

  async until(wanted: (event: T) => boolean): Promise<T> {
    for (;;) {
      const event = await this.next();
      if (event === undefined) throw new Error("the events ended");
      if (wanted(event)) return event;
    }
  }

  async close(): Promise<void> {
    await this.reader.cancel();
  }
}

async function session(url: string, contract: Contract): Promise<void> {
  const api = createClient<paths>({ baseUrl: url });
  api.use(recorder);

  const system = await api.GET("/system");
  assert.equal(system.data?.display_name, "session");
  assert.equal(system.data.pipewire.connected, false);
  assert.equal((await api.GET("/healthz")).data?.alive, true);
  const not_ready = await api.GET("/readyz");
  assert.ok(not_ready.error !== undefined && "checks" in not_ready.error);

  const events = await api.GET("/events", { parseAs: "stream", params: { query: { types: "stream.*,endpoint.*" } } });
  assert.ok(events.response.body);
  const listener = new Listener<Event>(events.response.body);
  const heard = (type: Event["type"], uri: string) =>
    listener.until((event) => event.type === type && event.uri === uri);
  await listener.until((event) => event.type === "synced");

  const endpoint = await api.POST("/peers/{peer_uid}/endpoints", {
    params: { path: { peer_uid: "self" } },
    body: { stream_direction: "output", display_name: "Speakers of the session" },
  });
  assert.equal(endpoint.response.status, 201);
  assert.ok(endpoint.data);
  const { endpoint_uri, endpoint_uid } = endpoint.data;
  await heard("endpoint.created", endpoint_uri);

  const created = await api.POST("/streams", {
    body: {
      source: { connection_type: "endpoint", endpoint_uri },
      destination: { connection_type: "external", media_uri: "rtp://127.0.0.1:9" },
      settings: { profile: "low" },
    },
  });
  assert.equal(created.response.status, 201);
  assert.ok(created.data);
  const { stream_uri, stream_uid, destination, status } = created.data;
  // The type of a connection tells its members apart.
  assert.equal(destination.connection_type === "external" && destination.media_uri, "rtp://127.0.0.1:9");
  assert.equal(status.state, "waiting"); // for PipeWire
  await heard("stream.created", stream_uri);

  const one = { path: { stream_uid } };
  const log = await api.GET("/streams/{stream_uid}/log", { parseAs: "stream", params: { ...one, query: { follow: true } } });
  assert.ok(log.response.body);
  const lines = new Listener<LogLine>(log.response.body);

  const etag = created.response.headers.get("ETag")!;
  const stale = await api.PATCH("/streams/{stream_uid}", {
    params: { ...one, header: { "If-Match": '"99"' } },
    headers: { "Content-Type": "application/merge-patch+json" },
    body: { display_name: "Nobody" },
  });
  assert.equal(stale.error?.error_code, "precondition_failed");
  const patched = await api.PATCH("/streams/{stream_uid}", {
    params: { ...one, header: { "If-Match": etag } },
    headers: { "Content-Type": "application/merge-patch+json" },
    body: { display_name: "Music", settings: { profile: null } },
  });
  assert.equal(patched.data?.settings.profile, "balanced");
  await heard("stream.updated", stream_uri);

  assert.equal((await api.DELETE("/streams/{stream_uid}", { params: one })).response.status, 204);
  await heard("stream.deleted", stream_uri);
  assert.equal(await lines.next(), undefined); // there is no more log
  const gone = await api.GET("/streams/{stream_uid}", { params: one });
  assert.equal(gone.response.status, 404);
  assert.equal(gone.error?.error_code, "not_found");

  const device = { path: { peer_uid: "self", endpoint_uid } };
  const removed = await api.DELETE("/peers/{peer_uid}/endpoints/{endpoint_uid}", { params: device });
  assert.equal(removed.response.status, 204);
  await heard("endpoint.deleted", endpoint_uri);
  await listener.close();

  assert.equal((await api.GET("/streams")).data?.length, 0);
  await api.GET("/docs", { parseAs: "text" });
  await api.GET("/docs/{file}", { parseAs: "text", params: { path: { file: "docs.css" } } });
  await api.GET("/openapi.yaml", { parseAs: "text" });
  // What rocd makes of its YAML is what another parser makes of it.
  assert.deepEqual((await api.GET("/openapi.json")).data, contract.document);
}

const [program, contract_file] = process.argv.slice(2);
if (program === undefined || contract_file === undefined) throw new Error("usage: session.js ROCD CONTRACT");
const contract = Contract.read(contract_file);
const daemon = await Daemon.start(program);
try {
  await session(daemon.url, contract);
} catch (error) {
  console.error(daemon.log);
  throw error;
} finally {
  await daemon.stop();
}
const checker = new Checker(contract);
const mistakes = exchanges.flatMap((exchange) => {
  const { request, response } = exchange;
  const where = `${request.method} ${request.path} -> ${response.status}`;
  return checker.exchange(exchange).map((each) => `${where}: ${each}`);
});
for (const mistake of mistakes) console.error(mistake);
console.log(`${exchanges.length} exchanges over HTTP, ${mistakes.length} mistakes`);
if (mistakes.length > 0) process.exitCode = 1;
