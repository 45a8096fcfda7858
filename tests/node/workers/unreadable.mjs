// Handlers that throw what cannot be read.
import { setTimeout as delay } from "node:timers/promises";
import { Retryable, createWorker } from "workerhost/worker";

const bomb = (property, error = new Error("readable")) => Object.defineProperty(error, property, { get() { throw null; } });
const closed = new Proxy({}, Object.fromEntries(["get", "getPrototypeOf", "has", "ownKeys"].map((trap) => [trap, () => { throw null; }])));

const thrown = {
  message: () => bomb("message"),
  name: () => bomb("name"),
  stack: () => bomb("stack"),
  cause: () => bomb("cause"),
  "message of the cause": () => new Error("readable", { cause: bomb("message") }),
  afterMs: () => bomb("afterMs", new Retryable("readable")),
  constructor: () => bomb("constructor"),
  text: () => ({ toString() { throw null; } }),
  everything: () => closed,
};

const worker = createWorker();
worker.task("throw", (_, what) => { throw thrown[what](); });
worker.task("reject", async (_, what) => { throw thrown[what](); });
worker.task("yield", function* (_, what) { yield 1; throw thrown[what](); });
worker.task("return", () => bomb("then"));
worker.task("resolve", async () => ({ get next() { throw null; } }));
worker.task("decode", () => 1, { input: "bytes", decode: () => { throw null; } });
worker.task("sleep", async ({ signal }, ms) => { await delay(ms, undefined, { signal }); return process.pid; });
await worker.run();
