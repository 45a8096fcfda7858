// Whatever a handler throws fails its own task, and nothing else: not its neighbours, not its worker.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";
import { BadInput, TaskFailed } from "workerhost";
import { hostOf, pool, root, test } from "./support.mjs";

const unreadable = "(could not be read)";
let host;
let client;
before(async () => {
  host = await hostOf({ p: pool({ concurrency: 4 }, join(root, "tests/node/workers/unreadable.mjs")) }, { logLevel: "none" });
  client = await host.connect();
});
after(async () => {
  await client.close();
  await host.stop();
});

/** A neighbour is under way all the time, and the same process answers afterwards. */
async function besideOthers(body) {
  const stop = new AbortController();
  const neighbour = client.run("sleep", [100_000], { signal: stop.signal });
  neighbour.catch(() => {});
  try {
    const pid = await client.run("sleep", [0]);
    await body();
    assert.equal(await client.run("sleep", [0]), pid);
  } finally {
    stop.abort();
  }
  await assert.rejects(neighbour, { name: "AbortError" }, "it ran until then");
}

const expected = {
  message: (e) => e.remote.message === unreadable && e.message.includes(unreadable) && e.remote.type === "Error",
  name: (e) => e.remote.type === unreadable && e.remote.message === "readable",
  stack: (e) => e.remote.stack === unreadable && e.remote.message === "readable",
  cause: (e) => e.remote.cause.message === unreadable && e.remote.message === "readable",
  "message of the cause": (e) => e.remote.cause.message === unreadable && e.remote.message === "readable",
  afterMs: (e) => e.remote.message === "readable" && e.retryable,
  constructor: (e) => e.remote.type === unreadable && e.remote.message === "readable",
  text: (e) => e.remote.message === unreadable && e.remote.type === "object",
  everything: (e) => e.remote.message === unreadable && e.remote.type === "object",
};

for (const [what, says] of Object.entries(expected)) {
  test(`an error whose ${what} cannot be read`, () => besideOthers(async () => {
    for (const task of ["throw", "reject"]) {
      await assert.rejects(client.run(task, [what], { maxAttempts: 1 }), (e) => e instanceof TaskFailed && says(e), task);
    }
    const items = [];
    await assert.rejects(async () => {
      for await (const item of client.stream("yield", [what], { maxAttempts: 1 })) {
        items.push(item);
      }
    }, (e) => e instanceof TaskFailed && says(e));
    assert.deepEqual(items, [1]);
  }));
}

test("a value that cannot be read, and a decoder that throws nothing that can", () => besideOthers(async () => {
  await assert.rejects(client.run("return"), TaskFailed);
  await assert.rejects(client.run("resolve"), TaskFailed);
  await assert.rejects(client.run("decode", Buffer.of(1)), (e) => e instanceof BadInput && e.message.includes("cannot be read: null"));
}));
