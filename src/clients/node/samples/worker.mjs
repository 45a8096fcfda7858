import { setTimeout as delay } from "node:timers/promises";
import { Retryable, createWorker } from "workerhost/worker";

const worker = createWorker();

worker.task("add", (context, a, b) => a + b);

worker.task("fetch", async (context, path) => {
  const { signal } = context;                   // aborted when the task is to stop
  await delay(10, undefined, { signal });
  if (context.attempt === 1) {
    throw new Retryable("not yet", { afterMs: 10 });
  }
  return { path, attempt: context.attempt };
});

worker.task("rows", async function* (context, count) {
  for (let row = 1; row <= count; row++) {
    context.report(row / count, "reading");
    yield { row };                              // waits while the reader has no room
  }
});

worker.task("invert", (context, bytes) => bytes.map((byte) => 255 - byte), { input: "bytes" });

worker.task("crash", () => process.abort());

worker.task("spin", () => {
  for (;;);
});

await worker.run();
