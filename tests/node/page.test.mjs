// The page about Node: its code stands in the samples, and the samples do what it says.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, test } from "./support.mjs";

const samples = join(root, "src/clients/node/samples");

test("every block of code stands in a sample", () => {
  const blocks = [...readFileSync(join(root, "src/docs/node.md"), "utf8").matchAll(/```js\n(.*?)```/gs)].map((match) => match[1].trim());
  assert.equal(blocks.length, 2);
  const code = ["program.mjs", "worker.mjs"].map((name) => readFileSync(join(samples, name), "utf8"));
  for (const block of blocks) {
    assert.ok(code.some((text) => text.includes(block)), block);
  }
});

test("the sample does what its comments say", () => {
  const output = execFileSync(process.execPath, [join(samples, "program.mjs")], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  assert.match(output, /^42\n3\n7\n11\n1 .*\n2 .*\n3 .*\n<Buffer ff 00>\nSIGABRT\ntrue\nAbortError\n$/);
});
