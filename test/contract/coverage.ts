// What the contract describes, and what of it was seen.
import { member, object, statuses, type Contract, type JsonObject, type Operation } from "./contract.js";

function event(operation: Operation, status: string | number): string {
  return `${operation.name}: an event of ${status}`;
}

export class Coverage {
  private readonly documented = new Set<string>();
  private readonly seen = new Set<string>();

  constructor(contract: Contract) {
    for (const operation of contract.operations) this.describe(operation, contract);
    for (const status of statuses(contract.any_problem)) {
      this.documented.add(`status ${status} of any request`);
    }
    for (const code of contract.error_codes.keys()) this.documented.add(`error_code ${code}`);
  }

  private describe(operation: Operation, contract: Contract): void {
    for (const parameter of operation.parameters) {
      this.documented.add(`${operation.name}: ${parameter["in"]} parameter ${parameter["name"]}`);
    }
    if (operation.node["requestBody"] !== undefined) {
      const body = contract.resolve(operation.node["requestBody"]);
      for (const type of Object.keys(member(body, "content"))) {
        this.documented.add(`${operation.name}: a body of ${type}`);
      }
    }
    for (const [status, reference] of Object.entries(member(operation.node, "responses"))) {
      if (status === "default") continue;
      this.documented.add(`${operation.name}: status ${status}`);
      const response = contract.resolve(reference);
      const content = Object.entries(member(response, "content"));
      for (const [type, media] of content) {
        if (content.length > 1) this.documented.add(`${operation.name}: status ${status} as ${type}`);
        this.describe_events(operation, status, object(media));
      }
      this.describe_events(operation, status, response);
    }
  }

  private describe_events(operation: Operation, status: string, described: JsonObject): void {
    if (described["x-event-schema"] !== undefined) this.documented.add(event(operation, status));
  }

  saw_status(operation: Operation, status: number, by_default: boolean): void {
    if (by_default) this.saw_any(status);
    else this.seen.add(`${operation.name}: status ${status}`);
  }
  saw_any(status: number): void {
    this.seen.add(`status ${status} of any request`);
  }
  saw_response_type(operation: Operation, status: number, type: string): void {
    this.seen.add(`${operation.name}: status ${status} as ${type}`);
  }
  saw_request_type(operation: Operation, type: string): void {
    this.seen.add(`${operation.name}: a body of ${type}`);
  }
  saw_parameter(operation: Operation, parameter: JsonObject): void {
    this.seen.add(`${operation.name}: ${parameter["in"]} parameter ${parameter["name"]}`);
  }
  saw_error_code(code: string): void {
    this.seen.add(`error_code ${code}`);
  }
  saw_event(operation: Operation, status: number): void {
    this.seen.add(event(operation, status));
  }

  get total(): number {
    return this.documented.size;
  }
  get missing(): string[] {
    return [...this.documented].filter((each) => !this.seen.has(each));
  }
}
