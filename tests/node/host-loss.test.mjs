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

test("no host or worker survives kill -9 of the program that started it", async (context) => {
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
  child.kill("SIGKILL");
  await until(() => !isAlive(pids.host) && !isAlive(pids.worker), "both are gone");
  const left = readdirSync(directory).filter((name) => name.startsWith("workerhost-node-"));
  assert.deepEqual(left.flatMap((name) => readdirSync(join(directory, name))).filter((name) => name !== "workerhost.json"), [], "nothing but its configuration is left");
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
  assert.deepEqual(readdirSync(directory).filter((name) => name.startsWith("workerhost-node-")), []);
});
