// A worker without a host: its launch line, its ledger, its calls, its end.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import * as grpc from "../../src/clients/node/node_modules/@grpc/grpc-js/build/src/index.js";
import { Health, TaskEndpoint } from "../../src/clients/node/dist/wire.js";
import { conformanceWorker, directoryOf, linesOf, test, until } from "./support.mjs";

const lanesAt = 0x40 + 16 * 16;

/** As the supervisor makes it. */
function makeLedger(directory, lanes = 4, incarnation = 3) {
  const path = join(directory, "ledger");
  const page = Buffer.alloc(Math.ceil((lanesAt + lanes * 32) / 4096) * 4096);
  page.writeBigUInt64LE(0x3152_4744_454c_4857n, 0);
  page.writeUInt32LE(lanes, 0x08);
  page.writeBigUInt64LE(BigInt(incarnation), 0x10);
  writeFileSync(path, page);
  return path;
}

class WorkerUnderTest {
  constructor(context, line = {}) {
    this.directory = directoryOf(context);
    this.ledger = makeLedger(this.directory);
    this.address = `unix://${this.directory}/w.sock`;
    this.process = spawn(process.execPath, [conformanceWorker, "--workerhost-worker", "p"], { env: { PATH: process.env.PATH, WORKERHOST_WORKER: "1" }, stdio: ["pipe", "inherit", "pipe"] });
    this.stderr = "";
    this.process.stderr.on("data", (text) => this.stderr += text);
    this.exited = once(this.process, "exit");
    context.after(() => this.process.kill("SIGKILL"));
    this.process.stdin.on("error", () => {});
    this.process.stdin.write(JSON.stringify({
      minProtocol: 1, maxProtocol: 1, pool: "p", slot: 2, incarnation: 3, address: this.address, ledger: this.ledger, hostInstance: "h", concurrency: 1,
      drainMilliseconds: 5000, heartbeatMilliseconds: 20, maxMessageBytes: 1024 * 1024, somethingNew: [1], ...line,
    }) + "\n");
  }

  async ready() {
    await until(() => this.read(0x20, 4).readUInt32LE() === 4 || this.process.exitCode !== null, "the ledger says that it is ready");
    this.client = new grpc.Client(this.address, grpc.credentials.createInsecure(), { "grpc.default_authority": "localhost" });
    return this;
  }

  read(at, length) {
    const file = openSync(this.ledger, "r");
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, at);
    closeSync(file);
    return bytes;
  }

  lane(lane) {
    const bytes = this.read(lanesAt + 32 * lane, 32);
    return { session: bytes.readBigUInt64LE(0), sequence: bytes.readBigUInt64LE(8), state: bytes.readUInt32LE(16) };
  }

  call(method, request, options = {}) {
    return new Promise((resolve, reject) => {
      this.last = this.client.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, request, options.metadata ?? new grpc.Metadata(), options,
        (e, answer) => e ? reject(e) : resolve(answer));
    });
  }

  run(task, args, options) {
    return this.call(TaskEndpoint.Run, { task, payload: { contentType: "application/json", data: Buffer.from(JSON.stringify(args)) } }, options);
  }

  session(hello = {}) {
    const { OpenSession } = TaskEndpoint;
    const call = this.client.makeBidiStreamRequest(OpenSession.path, OpenSession.requestSerialize, OpenSession.responseDeserialize);
    const frames = [];
    const ended = new Promise((resolve) => call.on("status", resolve));
    call.on("error", () => {});
    call.on("data", (frame) => frames.push(frame));
    call.write({ hello: { minProtocol: 1, maxProtocol: 1, sessionKey: 4711, idPrefix: "t", ...hello } });
    return { call, frames, ended, outcomes: () => frames.flatMap((frame) => frame.outcomes) };
  }
}

const task = (sequence, name, args, more = {}) => ({ sequence, task: name, data: Buffer.from(JSON.stringify(args)), number: sequence, ...more });

test("a plain call runs a task; a failure is a status with its detail", async (context) => {
  const worker = await new WorkerUnderTest(context).ready();
  const { result, worker: name } = await worker.run("add", [20, 22]);
  assert.equal(result.data.toString(), "42");
  assert.equal(name, "p/2#3");
  for (const [task, args, code] of [["fail", ["no", "because"], grpc.status.UNKNOWN], ["nope", [], grpc.status.UNIMPLEMENTED], ["echo-bytes", [], grpc.status.INVALID_ARGUMENT]]) {
    await assert.rejects(worker.run(task, args), (e) => e.code === code && e.metadata.get("grpc-status-details-bin")[0].length > 0);
  }
  await assert.rejects(worker.run("sleep", [60_000], { deadline: Date.now() + 100 }), { code: grpc.status.DEADLINE_EXCEEDED });
  assert.deepEqual((await worker.call(Health.Check, { service: "" })).status, 1);
  await assert.rejects(worker.call(Health.Check, { service: "other" }), { code: grpc.status.NOT_FOUND });
  const described = await worker.call(TaskEndpoint.Describe, { pool: "" });
  assert.ok(described.tasks.find((t) => t.name === "count").yieldsItems);
  assert.deepEqual(described.capabilities, ["session", "chunks", "streams", "ledger"]);
});

test("the ledger says what runs, and what was started, after kill -9", async (context) => {
  const worker = await new WorkerUnderTest(context).ready();
  const path = join(worker.directory, "runs");
  const session = worker.session();
  session.call.write({ tasks: [task(1, "add", [1, 1]), task(5, "sleep", [60_000, path]), task(6, "record", [path])] });
  await until(() => linesOf(path).length === 1, "the second task runs");
  worker.process.kill("SIGKILL");
  await worker.exited;
  assert.deepEqual(worker.lane(0), { session: 4711n, sequence: 5n, state: 1 });
  const track = worker.read(0x40, 16);
  assert.equal(track.readBigUInt64LE(0), 4711n);
  assert.equal(track.readBigUInt64LE(8), 5n, "the third was never started");
  assert.equal(worker.read(0x28, 8).readBigUInt64LE(0), 1n, "one has finished");
});

test("a key of 64 bits stands in the ledger exactly", async (context) => {
  const worker = await new WorkerUnderTest(context).ready();
  // 0xFEDCBA9876543211
  const session = worker.session({ sessionKey: { low: 0x7654_3211, high: 0xfedc_ba98 | 0, unsigned: true } });
  session.call.write({ tasks: [task(1, "add", [1, 1])] });
  await until(() => session.outcomes().length === 1, "the outcome is there");
  assert.equal(worker.lane(0).session, 0xfedc_ba98_7654_3211n);
  assert.equal(worker.lane(0).state, 2);
});

test("the heart beats while a handler keeps the thread busy", async (context) => {
  const worker = await new WorkerUnderTest(context).ready();
  const path = join(worker.directory, "spin");
  const session = worker.session();
  session.call.write({ tasks: [task(1, "spin", [1000, path])] });
  await until(() => linesOf(path).length === 1, "it spins");
  const before = worker.read(0x18, 8).readBigUInt64LE(0);
  await until(() => worker.read(0x18, 8).readBigUInt64LE(0) >= before + 5n, "it has beaten five times");
  assert.equal(session.outcomes().length, 0);
});

test("outcomes of quick tasks leave while more wait", async (context) => {
  const worker = await new WorkerUnderTest(context).ready();
  const session = worker.session();
  session.call.write({ tasks: Array.from({ length: 20 }, (_, i) => task(i + 1, "spin", [20])) });
  await until(() => session.outcomes().length > 0, "the first outcome is there");
  assert.ok(session.outcomes().length < 20, "before the last task has run");
});

test("recalled is what has not begun; a cancelled task answers", async (context) => {
  const worker = await new WorkerUnderTest(context).ready();
  const path = join(worker.directory, "runs");
  const session = worker.session({ reportStarted: true });
  session.call.write({ tasks: [task(1, "sleep", [60_000, path]), task(2, "record", [path]), task(3, "record", [path])] });
  await until(() => linesOf(path).length === 1, "it runs");
  await until(() => session.frames.some((frame) => frame.started.length > 0), "its start is told");
  session.call.write({ recall: [1, 2], cancel: [3] });
  await until(() => session.outcomes().length === 2, "two outcomes are there");
  session.call.write({ cancel: [1] });
  await until(() => session.outcomes().length === 3, "the third outcome is there");
  const by = Object.fromEntries(session.outcomes().map((outcome) => [outcome.sequence.low, outcome]));
  assert.ok(by[2].recalled);
  assert.ok(by[3].failure.kind === 4 && by[3].failure.neverStarted);
  assert.ok(by[1].failure.kind === 4 && !by[1].failure.neverStarted);
  session.call.end();
  assert.equal((await session.ended).code, grpc.status.OK);
});

test("a peer that breaks the protocol is told so", async (context) => {
  const worker = await new WorkerUnderTest(context).ready();
  for (const [frame, says] of [
    [{ tasks: [task(2, "add", [1, 1]), task(2, "add", [1, 1])] }, "sequences must rise"],
    [{ cancel: [9] }, "sequence 9"],
    [{ tasks: [task(1, "echo", [1], { totalBytes: 100, upload: 7 })] }, "upload 7"],
    [{ hello: { minProtocol: 1, maxProtocol: 1 } }, "second hello"],
  ]) {
    const session = worker.session();
    session.call.write(frame);
    const status = await session.ended;
    assert.equal(status.code, grpc.status.INVALID_ARGUMENT);
    assert.match(status.details, new RegExp(says));
  }
  const refused = await worker.session({ minProtocol: 7, maxProtocol: 9 }).ended;
  assert.equal(refused.code, grpc.status.FAILED_PRECONDITION);
  assert.match(refused.details, /7 to 9.*1 to 1/);
  assert.equal((await worker.session({ requiredCapabilities: ["telepathy"] }).ended).code, grpc.status.FAILED_PRECONDITION);
  assert.equal((await worker.run("add", [1, 1])).result.data.toString(), "2", "it lives");
});

test("SIGTERM: what runs may finish, what waits goes back, and it leaves with 0", async (context) => {
  const worker = await new WorkerUnderTest(context).ready();
  const path = join(worker.directory, "runs");
  const session = worker.session();
  session.call.write({ tasks: [task(1, "sleep", [300, path]), task(2, "record", [path])] });
  await until(() => linesOf(path).length === 1, "it runs");
  worker.process.kill("SIGTERM");
  assert.equal((await session.ended).code, grpc.status.OK);
  const by = Object.fromEntries(session.outcomes().map((outcome) => [outcome.sequence.low, outcome]));
  assert.equal(by[1].data.toString(), "300");
  assert.ok(by[2].recalled);
  assert.ok(session.frames.some((frame) => frame.draining));
  worker.client.close();
  assert.deepEqual(await worker.exited, [0, null]);
});

test("the end of its lifeline: it finishes and leaves with 0; told that there is no hurry it takes its time", async (context) => {
  const worker = await new WorkerUnderTest(context, { drainMilliseconds: 1 }).ready();
  const path = join(worker.directory, "runs");
  const session = worker.session();
  session.call.write({ tasks: [task(1, "sleep", [300, path])] });
  await until(() => linesOf(path).length === 1, "it runs");
  worker.process.stdin.end("noise\nleave-in-your-own-time");
  assert.equal((await session.ended).code, grpc.status.OK);
  assert.equal(session.outcomes()[0].data.toString(), "300");
  worker.client.close();
  assert.deepEqual(await worker.exited, [0, null]);

  const hurried = await new WorkerUnderTest(context, { drainMilliseconds: 50 }).ready();
  const running = assert.rejects(hurried.run("sleep", [60_000]));
  await until(() => hurried.lane(0).state === 1, "it runs");
  hurried.process.stdin.end();
  await running;
  hurried.client.close();
  assert.deepEqual(await hurried.exited, [0, null]);
});

test("launch lines that make no sense end it with the reason", async (context) => {
  for (const [line, code, says] of [[{ minProtocol: 7, maxProtocol: 9 }, 78, /7 to 9/], [{ concurrency: 0 }, 70, /concurrency is 0/], [{ address: "unix:///no/such/directory/w.sock" }, 70, /cannot listen/]]) {
    const worker = new WorkerUnderTest(context, line);
    assert.deepEqual(await worker.exited, [code, null], worker.stderr);
    assert.match(worker.stderr, says);
  }
});

test("where it listens by TCP it lets in who shows the secret", async (context) => {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${server.address().port}`;
  await new Promise((resolve) => server.close(resolve));
  const worker = new WorkerUnderTest(context, { address: `http://${address}`, secret: "s3cret" });
  worker.address = address;
  await worker.ready();
  await assert.rejects(worker.run("add", [1, 1]), { code: grpc.status.UNAUTHENTICATED });
  const metadata = new grpc.Metadata();
  metadata.set("authorization", "Bearer s3cret");
  assert.equal((await worker.run("add", [1, 1], { metadata })).result.data.toString(), "2");
});
