// lint.js CONTRACT: the contract is proper OpenAPI 3.1, by Redocly's rules; its examples are valid.
import { createConfig, lint, type NormalizedProblem } from "@redocly/openapi-core";
import { Contract } from "./contract.js";
import { bodies_without_example, wrong_header_examples } from "./examples.js";

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("usage: lint.js CONTRACT");

const config = await createConfig({
  extends: ["recommended-strict"],
  rules: {
    // Errors that any request may get are described once, as `default`.
    "operation-4xx-response": "off",
    // Every machine that runs rocd is a server of its own, and the loopback one is the default.
    "no-server-example.com": "off",
    "no-empty-servers": "error",
    "operation-operationId": "error",
    "operation-singular-tag": "error",
    "operation-tag-defined": "error",
    "path-not-include-query": "error",
    "paths-kebab-case": "off",
    "no-http-verbs-in-paths": "off",
    "no-invalid-parameter-examples": "error",
    "no-invalid-schema-examples": "error",
    "no-invalid-media-type-examples": "error",
    "no-required-schema-properties-undefined": "error",
    "no-duplicated-tag-names": "error",
    "component-name-unique": "error",
    "tag-description": "error",
  },
});

const problems: NormalizedProblem[] = await lint({ ref: file, config });
for (const { ruleId, message, severity, location } of problems) {
  console.error(`${severity} ${location[0]?.pointer ?? ""}: ${message} (${ruleId})`);
}
const contract = Contract.read(file);
const more = [...bodies_without_example(contract), ...wrong_header_examples(contract)];
for (const mistake of more) console.error(`error ${mistake}`);
console.log(`${problems.length + more.length} problems in ${file}`);
if (problems.length + more.length > 0) process.exitCode = 1;
