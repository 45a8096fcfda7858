// Runs the tests of the Node package: run.mjs RESULTS, where JUnit XML is written to RESULTS. See FOREIGN_SUITES in tests/suite.py.
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const [results] = process.argv.slice(2);
const filter = process.env.WORKERHOST_TEST_FILTER;

const prepared = spawnSync(process.execPath, [join(here, "../../src/clients/node/prepare.mjs")], { stdio: "inherit" });
if (prepared.status !== 0) {
  process.exit(1);
}
const files = readdirSync(here).filter((name) => name.endsWith(".test.mjs")).sort().map((name) => join(here, name))
  .filter((file) => !filter || readFileSync(file, "utf8").includes(filter));
if (files.length === 0) {
  writeFileSync(results, "<testsuites/>");
  process.exit(0);
}
const { status } = spawnSync(process.execPath, [
  "--test",
  ...(filter ? [`--test-name-pattern=${filter.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`] : []),
  "--test-reporter=spec", "--test-reporter-destination=stdout",
  "--test-reporter=junit", `--test-reporter-destination=${results}`,
  ...files,
], { stdio: "inherit" });
if (filter) {
  // What was not asked for is not skipped either.
  const all = readFileSync(results, "utf8");
  writeFileSync(results, all.replace(/<testcase\b[^>]*>\s*<skipped[^>]*does not match[^>]*>(\s*<\/skipped>)?\s*<\/testcase>/g, ""));
}
process.exit(status ?? 1);
