// The tasks of tests/conformance/README.md, by the Node SDK.
import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Retryable, createWorker } from "workerhost/worker";

/** How many lines the file has now, its new one included; Infinity without one. */
function begin(context, path) {
  if (!path) {
    return Infinity;
  }
  appendFileSync(path, `${process.pid} ${context.attempt}\n`);
  return readFileSync(path, "utf8").split("\n").length - 1;
}

const worker = createWorker();
worker.task("echo", (_, value) => value);
worker.task("unicode-ñ-测试-🎈", (_, value) => value);
worker.task("add", (_, a, b) => a + b, { arguments: 2 });
worker.task("echo-bytes", (_, bytes) => bytes, { input: "bytes" });
worker.task("large", (_, count) => "x".repeat(count));
worker.task("info", (context, path) => {
  begin(context, path);
  return { id: context.id, attempt: context.attempt, pid: process.pid, headers: context.headers };
});
worker.task("record", (context, path) => begin(context, path), { arguments: 1 });
worker.task("fail", (context, message, cause, path) => {
  begin(context, path);
  throw new Error(message, { cause: new Error(cause) });
});
worker.task("fail-retryable", (context, message, times, path) => {
  const lines = begin(context, path);
  if (lines === Infinity || lines <= times) {
    throw new Retryable(message);
  }
  return lines;
});
worker.task("sleep", async (context, ms, path) => {
  const { signal } = context;
  begin(context, path);
  await delay(ms, undefined, { signal });
  return ms;
});
worker.task("stubborn", async (context, ms, path) => {
  begin(context, path);
  await delay(ms);
  return ms;
});
worker.task("spin", (context, ms, path) => {
  begin(context, path);
  for (const end = performance.now() + ms; performance.now() < end;);
  return ms;
});
worker.task("crash", (context, times, path) => {
  const lines = begin(context, path);
  if (lines === Infinity || lines <= times) {
    process.kill(process.pid, "SIGKILL");
  }
  return lines;
});
worker.task("exit", (context, code, path) => {
  begin(context, path);
  process.exit(code);
});
worker.task("count", function* (context, n, path) {
  begin(context, path);
  try {
    for (let i = 0; i < n; i++) {
      yield i;
    }
  } finally {
    if (path) {
      appendFileSync(path, "left\n");
    }
  }
});
worker.task("count-then-fail", async function* (_, n, message) {
  for (let i = 0; i < n; i++) {
    yield i;
  }
  throw new Error(message);
});
worker.task("progress", (context, n) => {
  for (let i = 1; i <= n; i++) {
    context.report(i / n, `step ${i}`);
  }
  return n;
});
await worker.run();
