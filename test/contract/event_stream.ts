// Server-sent events as text (HTML standard, 9.2.6), or messages of a WebSocket: is each well-formed,
// and its data as wanted?
import type { Json } from "./contract.js";

const fields = ["id", "event", "data", "retry"];

export function event_mistakes(text: string, check: (data: Json) => string[]): string[] {
  if (text !== "" && !text.endsWith("\n\n")) return ["the last event has no end"];
  return text.split("\n\n").flatMap((block) => {
    const lines = block.split("\n").filter((line) => line !== "" && !line.startsWith(":"));
    if (lines.length === 0) return [];
    const unknown = lines.filter((line) => !fields.includes(line.split(":")[0]!));
    if (unknown.length > 0) return unknown.map((line) => `'${line}' is no field of an event`);
    const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
    if (data.length === 0) return [`an event without data: ${block}`];
    return check(JSON.parse(data.join("\n")) as Json);
  });
}

export function message_mistakes(messages: string[], check: (data: Json) => string[]): string[] {
  return messages.flatMap((message) => check(JSON.parse(message) as Json));
}
