// What becomes of tasks when the connection, the host or the program goes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { HostUnavailable, WorkerLost, connect } from "workerhost";
import { Proxy, conformanceWorker, directoryOf, hostOf, isAlive, linesOf, pool, root, slowTest, test, until } from "./support.mjs";

let host;
before(async () => host = await hostOf({ p: pool() }, { logLevel: "none" }));
after(() => host.stop());

const directoriesIn = (directory) => readdirSync(directory).filter((name) => name.startsWith("workerhost-"));

// What a killed host had for its workers goes when the next host starts there.
const privateIn = (directory) => directoriesIn(directory).filter((name) => name.startsWith("workerhost-node-"));

/** A host whose files are all in that directory. */
async function hostIn(directory, logLevel = "none") {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = directory;
  try {
    return await hostOf({ p: pool({ workers: 2 }) }, { logLevel });
  } finally {
    if (before === undefined) {
      delete process.env.TMPDIR;
    } else {
      process.env.TMPDIR = before;
    }
  }
}

test("a broken connection loses nothing and runs nothing twice", async (context) => {
  const directory = directoryOf(context);
  const proxy = await Proxy.to(host.address, directory);
  const client = await connect(proxy.address);
  try {
    const path = join(directory, "runs");
    const running = client.run("sleep", [300, path]);
    const waiting = Promise.all(Array.from({ length: 300 }, () => client.run("record", [join(directory, "records")])));
    waiting.catch(() => {});
    const stop = new AbortController();
    const unwanted = assert.rejects(client.run("record", [join(directory, "never")], { signal: stop.signal }), { name: "AbortError" });
    await until(() => linesOf(path).length === 1, "the first task runs");
    proxy.cut();
    stop.abort();
    assert.equal(await running, 300);
    for (let i = 0; i < 3; i++) {
      await until(() => linesOf(join(directory, "records")).length > 50 * i, "some have run");
      proxy.cut();
    }
    const lines = await waiting;
    assert.deepEqual([...lines].sort((a, b) => a - b), Array.from({ length: 300 }, (_, i) => i + 1));
    await unwanted;
    assert.equal(linesOf(path).length, 1);
    assert.equal(linesOf(join(directory, "never")).length, 0);
  } finally {
    await client.close();
    proxy.close();
  }
});

test("a large payload on its way when the connection breaks arrives whole", async (context) => {
  const proxy = await Proxy.to(host.address, directoryOf(context));
  const client = await connect(proxy.address);
  try {
    const bytes = Buffer.alloc(8_000_000, "payload ");
    const echoed = client.run("echo-bytes", bytes);
    await new Promise(setImmediate);
    proxy.cut();
    assert.ok((await echoed).equals(bytes));
  } finally {
    await client.close();
    proxy.close();
  }
});

test("a stream does not go on in another session, and says so", async (context) => {
  const proxy = await Proxy.to(host.address, directoryOf(context));
  const client = await connect(proxy.address);
  try {
    const stream = client.stream("count", [1_000_000_000], { buffer: 5 });
    assert.equal((await stream.next()).value, 0);
    proxy.cut();
    await assert.rejects(async () => {
      for await (const _ of stream) { /* until it ends */ }
    }, WorkerLost);
    assert.equal(await client.run("add", [1, 1]), 2);
  } finally {
    await client.close({ drainMs: 0 });
    proxy.close();
  }
});

test("after a crash of the host only what is idempotent runs again; what comes while none is there is told so", async (context) => {
  const directory = directoryOf(context);
  const socket = join(directory, "data.sock");
  const start = () => hostOf({ p: pool({ workers: 2 }) }, { logLevel: "none", settings: { data: { socket, abandonAfter: "30s" } } });
  const first = await start();
  const client = await connect(`unix://${socket}`, { patienceMs: 100 });
  context.after(() => client.close({ drainMs: 0 }));
  const lostRuns = join(directory, "lost");
  const againRuns = join(directory, "again");
  const lost = assert.rejects(client.run("sleep", [200, lostRuns]), (e) => e instanceof WorkerLost && /idempotent/.test(e.message));
  const again = client.run("sleep", [200, againRuns], { idempotent: true });
  await until(() => linesOf(lostRuns).length === 1 && linesOf(againRuns).length === 1, "both run");
  process.kill(first.pid, "SIGKILL");
  await first.stop();
  await assert.rejects(client.run("add", [1, 1]), (e) => e instanceof HostUnavailable && e.neverStarted);

  const second = await start();
  context.after(() => second.stop());
  await lost;
  assert.equal(await again, 200);
  assert.equal(linesOf(lostRuns).length, 1);
  assert.equal(linesOf(againRuns).length, 2);

  const last = client.run("sleep", [200, lostRuns]);
  await until(() => linesOf(lostRuns).length === 2, "it runs");
  const stopping = second.stop();
  assert.equal(await last, 200, "a host that is stopped in good order loses nothing");
  await client.close({ drainMs: 0 });
  await stopping;
});

test("Ctrl-C is the program's own: its host still runs what it submits then", async (context) => {
  const directory = directoryOf(context);
  const program = join(directory, "program.mjs");
  writeFileSync(program, `
    import { startHost } from ${JSON.stringify(join(root, "src/clients/node/dist/index.js"))};
    const host = await startHost({ pools: { p: { command: { fileName: process.execPath, arguments: [${JSON.stringify(conformanceWorker)}] }, workers: 1 } }, logLevel: "none" });
    const client = await host.connect();
    process.once("SIGINT", async () => {
      console.log(await client.run("add", [20, 22]));
      await client.close();
      await host.stop();
    });
    await client.run("add", [1, 1]);
    console.log("ready");
  `);
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"], detached: true, env: { ...process.env, TMPDIR: directory } });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text) => said += text);
  await until(() => said.includes("ready"), "it has a host");
  process.kill(-child.pid, "SIGINT");
  assert.deepEqual(await once(child, "exit"), [0, null]);
  assert.equal(said, "ready\n42\n");
});

test("no host, worker or directory is left of a program that a signal ended", async (context) => {
  await Promise.all(["SIGKILL", "SIGINT"].map(async (signal) => {
    const directory = directoryOf(context);
    const program = join(directory, "program.mjs");
    writeFileSync(program, `
      import { startHost } from ${JSON.stringify(join(root, "src/clients/node/dist/index.js"))};
      const host = await startHost({ pools: { p: { command: { fileName: process.execPath, arguments: [${JSON.stringify(conformanceWorker)}] }, workers: 1, cancelGrace: "100ms", terminateGrace: "100ms" } }, logLevel: "none" });
      const client = await host.connect();
      const { pid } = await client.run("info");
      console.log(JSON.stringify({ host: host.pid, worker: pid }));
      void client.run("spin", [60_000]);
    `);
    const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, TMPDIR: directory } });
    const pids = JSON.parse((await once(child.stdout, "data"))[0]);
    child.kill(signal);
    await until(() => !isAlive(pids.host) && !isAlive(pids.worker), "both are gone");
    await until(() => directoriesIn(directory).length === 0, `no directory is left after ${signal}`);
  }));
});

test("a host that was killed is started again at its place: what is idempotent runs again, what comes runs, what else ran there is told", async (context) => {
  const directory = directoryOf(context);
  const own = await hostIn(directory);
  context.after(() => own.stop());
  const client = await own.connect();
  const before = own.pid;
  const { address } = own;
  const lostRuns = join(directory, "lost");
  const againRuns = join(directory, "again");
  const lost = assert.rejects(client.run("sleep", [60_000, lostRuns]), (e) => e instanceof WorkerLost && /idempotent/.test(e.message));
  const again = client.run("sleep", [200, againRuns], { idempotent: true });
  await until(() => linesOf(lostRuns).length === 1 && linesOf(againRuns).length === 1, "both run");
  process.kill(before, "SIGKILL");
  await lost;
  assert.equal(await client.run("add", [20, 22]), 42, "what comes meanwhile waits for it");
  assert.equal(await again, 200);
  assert.equal(linesOf(lostRuns).length, 1);
  assert.equal(linesOf(againRuns).length, 2);
  assert.notEqual(own.pid, before);
  assert.equal(own.address, address);
  const second = await own.connect();
  assert.equal(await second.run("add", [1, 2]), 3);

  await Promise.all([client.close(), second.close()]);
  process.kill(own.pid, "SIGKILL");
  await own.stop();
  assert.ok(!isAlive(own.pid));
  assert.deepEqual(privateIn(directory), []);
  await assert.rejects(own.connect(), (e) => e instanceof HostUnavailable && /was stopped/.test(e.message));
});

test("a host that is stopped while it is being started again ends", async (context) => {
  const directory = directoryOf(context);
  const own = await hostIn(directory, "critical");
  const warned = once(process, "warning");
  process.kill(own.pid, "SIGKILL");
  const [{ name, message }] = await warned;
  assert.equal(name, "WorkerHostWarning");
  assert.match(message, /is gone: .* ended with SIGKILL; it is started again/);
  await own.stop();
  assert.deepEqual(privateIn(directory), []);
});

slowTest("a host that is killed again and again is left alone for a while, and its clients are told", async (context) => {
  const own = await hostIn(directoryOf(context));
  context.after(() => own.stop());
  const client = await own.connect();
  context.after(() => client.close({ drainMs: 0 }));
  for (let i = 0; i < 5; i++) {
    assert.equal(await client.run("add", [i, 1], { idempotent: true }), i + 1);
    const { pid } = own;
    process.kill(pid, "SIGKILL");
    await until(() => i === 4 ? !isAlive(pid) : own.pid !== pid, "it has ended");
  }
  await assert.rejects(client.run("add", [1, 1], { idempotent: true }), HostUnavailable);
  await assert.rejects(own.connect(), HostUnavailable);
});

slowTest("a program that ends by itself takes its host along, and leaves no file", async (context) => {
  const directory = directoryOf(context);
  const program = join(directory, "program.mjs");
  writeFileSync(program, `
    import { startHost } from ${JSON.stringify(join(root, "src/clients/node/dist/index.js"))};
    const host = await startHost({ pools: { p: { command: { fileName: process.execPath, arguments: [${JSON.stringify(conformanceWorker)}] }, workers: 1 } }, logLevel: "none" });
    console.log(host.pid);
    process.exit(3);
  `);
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, TMPDIR: directory } });
  const exited = once(child, "exit");
  const pid = Number((await once(child.stdout, "data"))[0]);
  assert.deepEqual(await exited, [3, null]);
  await until(() => !isAlive(pid), "the host is gone");
  await until(() => directoriesIn(directory).length === 0, "no directory is left");
});
