// page.js ROCD CONTRACT: in a real browser /docs shows every operation, lets it be tried, leads to the
// errors, and loads nothing from elsewhere. Exits with 77 if there is no Chromium.
import assert from "node:assert/strict";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { Contract } from "./contract.js";
import { Daemon } from "./daemon.js";

function find_browser(): string | undefined {
  const directories = (process.env["PATH"] ?? "").split(":");
  const names = ["chromium", "chromium-browser", "google-chrome"];
  return names.flatMap((name) => directories.map((each) => join(each, name))).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

// What went wrong in a page, and where it went.
function watch(page: Page): { requests: string[]; complaints: string[] } {
  const seen = { requests: [] as string[], complaints: [] as string[] };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("requestfailed", (request) => seen.complaints.push(`failed: ${request.url()}`));
  page.on("pageerror", (error) => seen.complaints.push(error.message));
  page.on("console", (message) => {
    // Swagger UI says this of operation ids with underscores.
    const known = message.text().startsWith("Deprecated: escaping deep link whitespace");
    if (message.type() === "error" && !known) seen.complaints.push(message.text());
  });
  return seen;
}

async function look(page: Page, url: string, operations: number): Promise<void> {
  await page.goto(`${url}/docs`);
  await page.waitForSelector(".opblock");
  assert.equal(await page.locator(".opblock").count(), operations);
  assert.ok(await page.locator("#resources").isHidden()); // the viewer has taken its place
  await page.goto("about:blank");
  await page.goto(`${url}/docs#not_found`); // as the `type` of a problem leads there
  await page.waitForFunction(
    () => {
      const place = document.getElementById("not_found")?.getBoundingClientRect();
      const shown = document.querySelector(".opblock") !== null;
      return shown && place !== undefined && place.top >= 0 && place.bottom <= window.innerHeight;
    },
    undefined,
    { polling: 200 },
  );

  const health = '.opblock[id$="read_health"]';
  for (const button of [".opblock-summary-control", ".try-out__btn", ".execute"]) {
    // Not with a mouse: to wait until nothing moves takes long without a graphics card.
    await page.locator(`${health} ${button}`).dispatchEvent("click");
  }
  await page.locator(`${health} .live-responses-table .response-col_status`, { hasText: "200" }).waitFor();
}

const [program, contract_file] = process.argv.slice(2);
if (program === undefined || contract_file === undefined) throw new Error("usage: page.js ROCD CONTRACT");
const executablePath = find_browser();
if (executablePath === undefined) {
  console.log("NOT LOOKED AT: there is no Chromium; scripts/setup.sh --browser installs it");
  process.exit(77);
}
const operations = Contract.read(contract_file).operations.length;
const daemon = await Daemon.start(program);
// Nothing but this computer has a name: also what the browser itself wants does not leave it.
const browser = await chromium.launch({ executablePath, args: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"] });
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  page.setDefaultTimeout(60_000);
  const seen = watch(page);
  await look(page, daemon.url, operations);
  const foreign = seen.requests.filter((url) => !url.startsWith(`${daemon.url}/`) && !url.startsWith("data:"));
  assert.deepEqual(foreign, []);
  assert.deepEqual(seen.complaints, []);
  console.log(`${operations} operations shown, ${seen.requests.length} requests, all to rocd itself`);
} finally {
  await browser.close();
  await daemon.stop();
}
