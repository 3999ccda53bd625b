// responses.js CONTRACT RECORD: every answer of the API tests is as documented, and everything that is
// documented was exercised by them.
import { Checker } from "./checker.js";
import { Contract } from "./contract.js";
import { read_record } from "./record.js";

const [contract_file, record_file] = process.argv.slice(2);
if (contract_file === undefined || record_file === undefined) {
  throw new Error("usage: responses.js CONTRACT RECORD");
}
const checker = new Checker(Contract.read(contract_file));
const { exchanges, refusals } = read_record(record_file);

// Each mistake once, with where it was first seen and how often.
const mistakes = new Map<string, { where: string; times: number }>();
function note(where: string, found: string[]): void {
  for (const mistake of found) {
    const known = mistakes.get(mistake);
    if (known === undefined) mistakes.set(mistake, { where, times: 1 });
    else ++known.times;
  }
}
for (const exchange of exchanges) {
  const { request, response, test } = exchange;
  note(`${request.method} ${request.path} -> ${response.status} in "${test}"`, checker.exchange(exchange));
}
for (const refusal of refusals) {
  note(`a refusal with ${refusal.response.status} in "${refusal.test}"`, checker.refusal(refusal));
}

for (const [mistake, { where, times }] of mistakes) {
  console.error(`${where}${times > 1 ? ` and ${times - 1} more` : ""}:\n    ${mistake}`);
}
const { missing, total } = checker.coverage;
if (missing.length > 0) {
  console.error("\nIn the contract, but exercised by no API test (test/api):");
  for (const each of missing) console.error(`    ${each}`);
}
console.log(
  `${exchanges.length} exchanges and ${refusals.length} refusals, ${mistakes.size} kinds of mistakes; ` +
    `${total - missing.length} of ${total} documented things exercised`,
);
if (exchanges.length === 0) console.error("nothing was recorded");
if (mistakes.size > 0 || missing.length > 0 || exchanges.length === 0) process.exitCode = 1;
