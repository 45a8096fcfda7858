// What a program sees that runs tasks at a host.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { join } from "node:path";
import {
  BadInput, Payload, Quarantined, Rejected, TaskFailed, TaskTimeout, UnknownTask, WorkerLost, protobuf,
} from "workerhost";
import { directoryOf, hostOf, isAlive, linesOf, pool, test, until } from "./support.mjs";

let host;
let client;
before(async () => {
  host = await hostOf({ p: pool({ workers: 2, cancelGrace: "100ms", expiredCancelGrace: "100ms", terminateGrace: "100ms", expiredTerminateGrace: "100ms", supervision: { spares: 1 } }) }, { logLevel: "none" });
  client = await host.connect();
});
after(async () => {
  await client.close();
  await host.stop();
});

test("a task is run and its result awaited", async () => {
  assert.equal(await client.run("add", [20, 22]), 42);
  assert.deepEqual(await client.run("echo", [{ ä: [1, null, "🎈"] }]), { ä: [1, null, "🎈"] });
  assert.equal(await client.run("echo", [null]), null);
});

test("bytes go as they are, and so does what was encoded already", async () => {
  const bytes = new Uint8Array([0, 1, 255]);
  assert.deepEqual(new Uint8Array(await client.run("echo-bytes", bytes)), bytes);
  assert.equal(await client.run("echo-bytes", bytes, { decode: (b) => b.length }), 3);
  assert.deepEqual(await client.run("echo", new Payload("application/json", Buffer.from("[[7]]"))), [7]);
  await assert.rejects(client.run("echo", protobuf(bytes)), (e) => e instanceof BadInput && e.message.includes("application/x-protobuf"));
});

test("what is larger than a frame goes in pieces, both ways", async () => {
  const bytes = Buffer.alloc(3_000_000, "large ");
  assert.ok((await client.run("echo-bytes", bytes)).equals(bytes));
});

test("a handler's exception arrives with its type, message, stack and cause", async () => {
  await assert.rejects(client.run("fail", ["the disk is full", "sector 7"]), (e) => {
    assert.ok(e instanceof TaskFailed);
    assert.equal(e.remote.message, "the disk is full");
    assert.equal(e.remote.type, "Error");
    assert.match(e.remote.stack, /node_worker\.mjs/);
    assert.equal(e.remote.cause.message, "sector 7");
    assert.match(e.stack, /in the worker:\n.*the disk is full/);
    assert.match(e.worker, /^p\/\d#\d+$/);
    return true;
  });
});

test("an unknown task is refused with the names there are", async () => {
  await assert.rejects(client.run("ad", [1]), (e) => e instanceof UnknownTask && /add/.test(e.message));
});

test("another number of arguments than a task takes is refused before it runs", async () => {
  await assert.rejects(client.run("add", [1]), (e) => e instanceof BadInput && e.neverStarted && /takes 2 arguments and not 1/.test(e.message));
  await assert.rejects(client.run("add", [1, 2, 3]), BadInput);
});

test("a death takes only its task, and explains itself", async () => {
  const other = client.run("sleep", [200]);
  await assert.rejects(client.run("crash", [99]), (e) => {
    assert.ok(e instanceof WorkerLost);
    assert.equal(e.deaths.length, 1);
    assert.equal(e.deaths[0].signal, "SIGKILL");
    assert.match(String(e.deaths[0]), /worker p\/\d#\d+ \(pid \d+\) ended after .* by SIGKILL/);
    return true;
  });
  assert.equal(await other, 200);
});

test("an idempotent task survives the death of its worker", async (context) => {
  const runs = join(directoryOf(context), "runs");
  assert.equal(await client.run("crash", [1, runs], { idempotent: true }), 2);
  assert.deepEqual(linesOf(runs).map((line) => line.split(" ")[1]), ["1", "2"]);
});

test("a task that keeps killing workers is quarantined", async () => {
  await assert.rejects(client.run("exit", [7], { idempotent: true, id: "poison" }), (e) => e instanceof Quarantined && e.deaths.length === 2 && e.deaths[1].exitCode === 7);
});

test("aborting stops a running task, and its caller hears at once", async (context) => {
  const path = join(directoryOf(context), "sleep");
  const stop = new AbortController();
  const sleeping = client.run("sleep", [60_000, path], { signal: stop.signal });
  await until(() => linesOf(path).length === 1, "it runs");
  stop.abort(new Error("enough"));
  await assert.rejects(sleeping, /^Error: enough$/);
  const pid = Number(linesOf(path)[0].split(" ")[0]);
  assert.ok(isAlive(pid), "it heeded its signal");
});

test("one that heeds nothing loses its process", async (context) => {
  const path = join(directoryOf(context), "spin");
  await assert.rejects(client.run("spin", [60_000, path], { timeoutMs: 300 }), (e) => e instanceof TaskTimeout);
  await until(() => linesOf(path).length === 1, "it ran");
  const pid = Number(linesOf(path)[0].split(" ")[0]);
  await until(() => !isAlive(pid), `process ${pid} is gone`);
});

test("a signal that is aborted already starts nothing", async (context) => {
  const path = join(directoryOf(context), "never");
  await assert.rejects(client.run("record", [path], { signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.equal(await client.run("add", [1, 1]), 2);
  assert.deepEqual(linesOf(path), []);
});

test("a handler knows its id, attempt and headers", async () => {
  const info = await client.run("info", [], { id: "my-id", headers: { tenant: "ä" } });
  assert.equal(info.id, "my-id");
  assert.equal(info.attempt, 1);
  assert.equal(info.headers.tenant, "ä");
});

test("map keeps the order, goes ahead, and takes what comes from an async source", async () => {
  async function* source() {
    for (let i = 0; i < 500; i++) {
      yield [i, i];
    }
  }
  const sums = [];
  for await (const sum of client.map("add", source(), { ahead: 50 })) {
    sums.push(sum);
  }
  assert.deepEqual(sums, Array.from({ length: 500 }, (_, i) => 2 * i));
  const unordered = [];
  for await (const value of client.map("echo", [3, 1, 2], { ordered: false })) {
    unordered.push(value);
  }
  assert.deepEqual(unordered.sort(), [1, 2, 3]);
});

test("leaving map stops what is ahead, and a failure ends it", async (context) => {
  const path = join(directoryOf(context), "ahead");
  let pulled = 0;
  function* source() {
    for (;;) {
      pulled++;
      yield ["x"];
    }
  }
  for await (const value of client.map("echo", source(), { ahead: 10 })) {
    assert.equal(value, "x");
    break;
  }
  assert.ok(pulled <= 11, `${pulled} were pulled`);
  await assert.rejects(async () => {
    for await (const _ of client.map("fail", [["no", "because", path]])) { /* none comes */ }
  }, TaskFailed);
});

test("items come one by one with their progress, and leaving the loop runs the handler's finally", async (context) => {
  const path = join(directoryOf(context), "count");
  const items = [];
  for await (const item of client.stream("count", [3000])) {
    items.push(item);
  }
  assert.equal(items.length, 3000);
  assert.equal(items[2999], 2999);
  for await (const item of client.stream("count", [1_000_000_000, path], { buffer: 10 })) {
    if (item === 20) {
      break;
    }
  }
  await until(() => linesOf(path).includes("left"), "the handler has left");
});

test("a failure comes behind the items before it", async () => {
  const items = [];
  await assert.rejects(async () => {
    for await (const item of client.stream("count-then-fail", [3, "no more"])) {
      items.push(item);
    }
  }, (e) => e instanceof TaskFailed && e.remote.message === "no more");
  assert.deepEqual(items, [0, 1, 2]);
});

test("a task without items is refused as a stream, and one with items gives all of them as a result", async () => {
  const stream = client.stream("add", [1, 2]);
  await assert.rejects(stream.next(), (e) => e instanceof BadInput);
  assert.deepEqual(await client.run("count", [4]), [0, 1, 2, 3]);
});

test("progress is told, the last of it always", async () => {
  const reports = [];
  assert.equal(await client.run("progress", [5], { onProgress: (report) => reports.push(report) }), 5);
  assert.deepEqual(reports.at(-1), { fraction: 1, message: "step 5" });
});

test("higher priorities go first", async (context) => {
  const path = join(directoryOf(context), "order");
  const one = await host.connect();
  const busy = [one.run("sleep", [300, path]), one.run("sleep", [300, path])];
  await until(() => linesOf(path).length === 2, "both lanes are taken");
  const order = [];
  await Promise.all([...busy, ...[-2, 0, 2].map((priority) => one.run("sleep", [50], { priority }).then(() => order.push(priority)))]);
  assert.equal(order[0] + order[1], 2, `${order}`);
  assert.equal(order[2], -2);
  await one.close();
});

test("close lets accepted tasks finish and takes no new ones", async () => {
  const one = await host.connect();
  const last = one.run("sleep", [100]);
  const closing = one.close();
  await assert.rejects(one.run("add", [1, 1]), (e) => e instanceof Rejected && e.neverStarted);
  assert.equal(await last, 100);
  await closing;
});

test("close stops what does not finish in time", async () => {
  const one = await host.connect();
  const long = assert.rejects(one.run("sleep", [60_000]), Rejected);
  await one.close({ drainMs: 50 });
  await long;
});

test("a client's own line has an end", async () => {
  const one = await host.connect({ maxWaiting: 10 });
  const stop = new AbortController();
  const ends = await Promise.allSettled([
    ...Array.from({ length: 11 }, () => one.run("sleep", [60_000], { signal: stop.signal })),
  ].map((promise, i, all) => {
    if (i === all.length - 1) {
      setImmediate(() => stop.abort());
    }
    return promise;
  }));
  assert.equal(ends.filter((end) => end.reason instanceof Rejected).length, 1);
  await one.close();
});
