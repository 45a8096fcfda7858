// Tasks per second beside workerpool (npm) with processes, in one run: node tests/node/benchmark.mjs [ROUNDS]. Both have two workers and the same
// handler, which returns its argument. The rounds alternate; what is printed is the median of each.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { hostOf, pool, root } from "./support.mjs";

const workers = 2;
const rounds = Number(process.argv[2] ?? 7);
const count = 20_000;

// Not a dependency of anything but this.
const home = join(root, "artifacts/node-benchmark");
if (!existsSync(join(home, "node_modules/workerpool"))) {
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), JSON.stringify({ private: true }));
  execFileSync("npm", ["install", "workerpool@10.0.3", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: home, stdio: ["ignore", 2, 2] });
}
const script = join(home, "echo.cjs");
writeFileSync(script, `require("workerpool").worker({ echo: (value) => value });`);
const workerpool = createRequire(script)("workerpool").pool(script, { workerType: "process", minWorkers: workers, maxWorkers: workers });

const host = await hostOf({ p: pool({ workers }) });
const client = await host.connect();

const contenders = {
  workerhost: (value) => client.run("echo", [value]),
  workerpool: (value) => workerpool.exec("echo", [value]),
};

async function together(run, n) {
  const start = performance.now();
  const results = await Promise.all(Array.from({ length: n }, (_, i) => run(i)));
  const seconds = (performance.now() - start) / 1000;
  if (results.some((value, i) => value !== i)) {
    throw new Error("a result is not what it should be");
  }
  return n / seconds;
}

async function oneByOne(run, n) {
  const times = [];
  for (let i = 0; i < n; i++) {
    const start = performance.now();
    await run(i);
    times.push((performance.now() - start) * 1000);
  }
  return median(times);
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

const measured = Object.fromEntries(Object.keys(contenders).map((name) => [name, { perSecond: [], microseconds: [] }]));
for (let round = -1; round < rounds; round++) {
  for (const [name, run] of Object.entries(contenders)) {
    const perSecond = await together(run, round < 0 ? count / 4 : count);
    const microseconds = await oneByOne(run, 500);
    if (round >= 0) {
      measured[name].perSecond.push(perSecond);
      measured[name].microseconds.push(microseconds);
    }
  }
}
const figures = Object.fromEntries(Object.entries(measured).map(([name, { perSecond, microseconds }]) => [name, { perSecond: Math.round(median(perSecond)), p50Microseconds: Math.round(median(microseconds)) }]));
console.log(JSON.stringify({ ...figures, ratio: Number((figures.workerhost.perSecond / figures.workerpool.perSecond).toFixed(2)) }, null, 2));
await client.close();
await host.stop();
await workerpool.terminate();
