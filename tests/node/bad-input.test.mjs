// Each mistake is an error at once that says what to do, and never a hang.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, before } from "node:test";
import * as grpc from "../../src/clients/node/node_modules/@grpc/grpc-js/build/src/index.js";
import { BadInput, HostRefused, HostUnavailable, VersionMismatch, connect, startHost } from "workerhost";
import { conformanceWorker, hostOf, pool, test } from "./support.mjs";

let host;
let client;
const directory = mkdtempSync(join(tmpdir(), "wh-node-"));
before(async () => {
  writeFileSync(join(directory, "token"), "0123456789abcdef", { mode: 0o600 });
  host = await hostOf({ p: pool() }, { logLevel: "none", settings: { data: { tcp: "127.0.0.1:0", tokenFile: join(directory, "token") } } });
  client = await host.connect();
});
after(async () => {
  await client.close();
  await host.stop();
  rmSync(directory, { recursive: true });
});

const tcp = () => host.endpoints.data.find((address) => address.startsWith("http:"));

test("arguments that cannot be written", async () => {
  const loop = {};
  loop.self = loop;
  for (const [args, says] of [[[loop], "circular"], [[1n], "BigInt"], [[() => 1], "function"], [{ a: 1 }, "array"], ["text", "array"]]) {
    await assert.rejects(client.run("echo", args), (e) => e instanceof BadInput && e.task === "echo" && e.message.includes(says), says);
  }
});

test("an option of a task that makes no sense is refused at once, by its name, with what was given and what is allowed", async () => {
  for (const [options, ...says] of [
    [{ timeoutMs: 0 }, "is 0", "above 0"], [{ timeoutMs: "5" }, "timeoutMs", 'is "5"', "a number of milliseconds"], [{ timeoutMs: Infinity }, "is Infinity"], [{ timeoutMs: 1e300 }, "1000000000000"],
    [{ timeoutMs: null }, "is null"], [{ timeoutMs: 5n }, "is 5n"], [{ priority: 3 }, "-2 to 2"], [{ priority: 0.5 }, "0.5"], [{ maxAttempts: 0 }, "1 to 1000"], [{ maxAttempts: "3" }, '"3"'],
    [{ idempotent: 1 }, "true or false"], [{ id: "" }, "1 to 1024"], [{ id: 7 }, "is 7"], [{ id: "x".repeat(1025) }, "1025 characters"], [{ affinityKey: {} }, "is an object"],
    [{ onProgress: true }, "a function"], [{ decode: "json" }, "a function"], [{ signal: {} }, "AbortSignal"],
    [{ headers: 5 }, "headers", "is 5", "an object of texts"], [{ headers: ["a"] }, "an array"], [{ headers: new Map([["a", "b"]]) }, "a Map"], [{ headers: { a: 1 } }, "a is 1"], [{ headers: { a: "x".repeat(40_000) } }, "40009", "32768"],
    [{ timeout: 5 }, "no option timeout", "did you mean timeoutMs?"], [{ Idempotent: true }, "did you mean idempotent?"], [{ colour: 1 }, "no option colour; there are signal, timeoutMs"],
    [{ constructor: 1 }, "no option constructor"], [null, "are null", "an object"], [5, "are 5"], [[], "are an array"],
  ]) {
    for (const call of [() => client.run("echo", [1], options), async () => client.stream("count", [1], options), ...(options?.id === undefined ? [async () => client.map("echo", [1], options)] : [])]) {
      await assert.rejects(call(), (e) => e instanceof BadInput && ["echo", "count"].includes(e.task) && e.neverStarted && says.every((text) => e.message.includes(text)), `${says}`);
    }
  }
  assert.equal(await client.run("echo", [1], { timeoutMs: undefined, headers: {}, id: undefined, priority: -2, affinityKey: "" }), 1);
  await assert.rejects(client.run(""), BadInput);
  await assert.rejects(client.run(5), (e) => e instanceof BadInput && /not 5/.test(e.message));
});

test("options that only one way of calling has", () => {
  for (const buffer of [0, 1.5, "10", 100_001]) {
    assert.throws(() => client.stream("count", [1], { buffer }), (e) => e instanceof BadInput && /buffer.*1 to 100000/.test(e.message));
  }
  for (const [elements, options, says] of [
    [[1], { ahead: 0 }, /ahead.*1 to 100000/], [[1], { ahead: "2" }, /is "2"/], [[1], { ordered: "no" }, /true or false/], [[1], { id: "one for all" }, /no option id/], [[1], { buffer: 2 }, /no option buffer/],
    [5, {}, /has 5 to go through/], [undefined, {}, /undefined/], [{ a: 1 }, {}, /an object/],
  ]) {
    assert.throws(() => client.map("echo", elements, options), (e) => e instanceof BadInput && says.test(e.message), String(says));
  }
});

test("a payload of the wrong kind, and one beyond the limit", async () => {
  await assert.rejects(client.run("echo-bytes", [1]), (e) => e instanceof BadInput && e.message.includes("application/octet-stream"));
  await assert.rejects(client.run("echo-bytes", Buffer.alloc(64 * 1024 * 1024 + 1)), (e) => e instanceof BadInput && e.message.includes("maxMessageBytes"));
});

test("no host at the address", async () => {
  await assert.rejects(connect(`unix://${directory}/nobody.sock`), (e) => e instanceof HostUnavailable && /there is no socket .*nobody\.sock/.test(e.message) && /workerhost serve/.test(e.message));
  await assert.rejects(connect("127.0.0.1:1"), HostUnavailable);
});

test("what is no address", async () => {
  for (const address of ["", "unix:relative.sock", "localhost", "host:port", `unix:///${"x".repeat(110)}`, undefined]) {
    await assert.rejects(connect(address), TypeError);
  }
});

test("options of a connection that make no sense", async () => {
  for (const [options, Kind, says] of [
    [{ pol: "p" }, TypeError, /no option pol; did you mean pool\? There are .*pool/], [null, TypeError, /options of connect are null/], ["p", TypeError, /are "p"/],
    [{ pool: 5 }, TypeError, /pool of connect is 5/], [{ token: 5 }, TypeError, /token of connect is a number/], [{ token: "" }, TypeError, /token/],
    [{ waitMs: "soon" }, TypeError, /waitMs of connect is "soon"; allowed: a number of milliseconds from 0/], [{ waitMs: -1 }, RangeError, /waitMs of connect is -1/], [{ patienceMs: NaN }, RangeError, /NaN/],
    [{ maxWaiting: 0 }, RangeError, /maxWaiting.*from 1/], [{ maxWaiting: "9" }, TypeError, /maxWaiting.*"9"/],
    [{ tls: "yes" }, TypeError, /tls of connect is "yes"/], [{ tls: { ca: 5 } }, TypeError, /ca of tls of connect is 5/], [{ tls: { cafile: "x" } }, TypeError, /no option cafile/],
    [{ tls: { key: "x" } }, TypeError, /key without cert/], [{ tls: { key: "secret", cert: "x" } }, TypeError, /tls of connect cannot be used/],
  ]) {
    await assert.rejects(connect(host.address, options), (e) => e instanceof Kind && says.test(e.message) && !e.message.includes("secret"), String(says));
  }
});

test("options of close that make no sense close nothing", async () => {
  for (const [options, Kind] of [[{ drainMs: "5" }, TypeError], [{ drainMs: -5 }, RangeError], [{ drain: 5 }, TypeError], [null, TypeError]]) {
    await assert.rejects(client.close(options), Kind);
  }
  assert.equal(await client.run("add", [1, 2]), 3);
});

test("options of a host of one's own that make no sense", async () => {
  for (const [options, Kind, says] of [
    [undefined, TypeError, /options of startHost are undefined/], [{}, TypeError, /needs an object with at least one pool/], [{ pools: {} }, TypeError, /pools of startHost is an object; allowed: .*at least one/], [{ pools: "p" }, TypeError, /"p"/],
    [{ pools: { p: pool() }, workers: 3 }, TypeError, /no option workers; there are pools/], [{ pools: { p: pool() }, starts: 3 }, TypeError, /did you mean startMs/],
    [{ pools: { p: pool() }, startMs: 0 }, RangeError, /startMs/], [{ pools: { p: pool() }, startMs: "1" }, TypeError, /startMs/], [{ pools: { p: pool() }, logLevel: "loud" }, TypeError, /"loud"; allowed: "trace"/],
    [{ pools: { p: pool() }, command: 5 }, TypeError, /command of startHost is 5/], [{ pools: { p: pool() }, settings: 5 }, TypeError, /settings/], [{ pools: { p: pool() }, settings: { data: { tcp: () => 1 } } }, TypeError, /setting tcp of the host is a function/],
    [{ pools: { p: null } }, TypeError, /pool p are null/], [{ pools: { p: pool({ workers: "2" }) } }, TypeError, /workers of pool p is "2"/], [{ pools: { p: pool({ workers: NaN }) } }, RangeError, /workers of pool p is NaN/],
    [{ pools: { p: pool({ concurrency: 0 }) } }, RangeError, /concurrency of pool p is 0/], [{ pools: { p: { command: "node" } } }, TypeError, /command of pool p is "node"/], [{ pools: { p: { command: { fileName: 5 } } } }, TypeError, /fileName of the command of pool p is 5/],
    [{ pools: { p: { command: { fileName: "x", arguments: "y" } } } }, TypeError, /arguments.*an array of texts/], [{ pools: { p: { command: { fileName: "x", arguments: ["y", 5] } } } }, TypeError, /an array with 5/],
    [{ pools: { p: { command: { fileName: "x", environment: { A: 1 } } } } }, TypeError, /A is no text/],
  ]) {
    await assert.rejects(startHost(options), (e) => e instanceof Kind && says.test(e.message), String(says));
  }
});

test("something listens that is no host", async (context) => {
  const server = createServer((socket) => socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).on("error", () => {}));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  await assert.rejects(connect(`127.0.0.1:${server.address().port}`), HostUnavailable);
});

test("a token that is missing or wrong, and the right one", async () => {
  await assert.rejects(connect(tcp()), (e) => e instanceof HostRefused && /token/.test(e.message));
  await assert.rejects(connect(tcp(), { token: "wrong-wrong-wrong" }), HostRefused);
  await assert.rejects(connect(tcp(), { token: "with\nline" }), TypeError);
  const admitted = await connect(tcp(), { token: "0123456789abcdef" });
  assert.equal(await admitted.run("add", [1, 2]), 3);
  await admitted.close();
});

test("a pool that is not there", async () => {
  await assert.rejects(host.connect({ pool: "nowhere" }), (e) => e instanceof HostRefused && /nowhere/.test(e.message) && /\bp\b/.test(e.message));
});

test("an address where nobody takes tasks", async (context) => {
  const server = new grpc.Server();
  const socket = join(directory, "other.sock");
  await new Promise((resolve, reject) => server.bindAsync(`unix://${socket}`, grpc.ServerCredentials.createInsecure(), (e) => e ? reject(e) : resolve()));
  context.after(() => server.forceShutdown());
  await assert.rejects(connect(`unix://${socket}`), (e) => e instanceof HostRefused && /data plane, not of its admin plane/.test(e.message));
});

test("a host of another version", async (context) => {
  const server = new grpc.Server();
  const echo = (bytes) => bytes;
  const path = "/workerhost.v1.TaskEndpoint/OpenSession";
  server.addService(
    { [path]: { path, requestStream: true, responseStream: true, requestSerialize: echo, requestDeserialize: echo, responseSerialize: echo, responseDeserialize: echo } },
    { [path]: (call) => call.emit("error", { code: grpc.status.FAILED_PRECONDITION, details: "no common protocol version: the client speaks 1 to 1, the host speaks 7 to 9" }) });
  const socket = join(directory, "newer.sock");
  await new Promise((resolve, reject) => server.bindAsync(`unix://${socket}`, grpc.ServerCredentials.createInsecure(), (e) => e ? reject(e) : resolve()));
  context.after(() => server.forceShutdown());
  await assert.rejects(connect(`unix://${socket}`), (e) => e instanceof VersionMismatch && /7 to 9/.test(e.message) && /1 to 1/.test(e.message));
});

test("a host that cannot be started", async (context) => {
  const before = process.env.TMPDIR;
  context.after(() => before === undefined ? delete process.env.TMPDIR : process.env.TMPDIR = before);
  const home = process.env.TMPDIR = mkdtempSync(join(directory, "tmp-"));
  await assert.rejects(startHost({ pools: { p: pool() }, command: "/no/such/workerhost" }), (e) => e instanceof HostUnavailable && /\/no\/such\/workerhost cannot be started/.test(e.message));
  await assert.rejects(startHost({ pools: { p: { command: { fileName: "x" }, queueCapacity: "many" } } }), (e) => e instanceof HostUnavailable && /pools:p:queueCapacity/.test(e.message));
  await assert.rejects(startHost({ pools: { p: pool() }, startMs: 1 }), (e) => e instanceof HostUnavailable && /within 1 ms \(option startMs\)/.test(e.message));
  assert.deepEqual(readdirSync(home).filter((name) => name.startsWith("workerhost-")), []);
});

test("a worker that is started by hand explains itself", () => {
  const { status, stderr } = spawnSync(process.execPath, [conformanceWorker], { encoding: "utf8", env: { PATH: process.env.PATH } });
  assert.equal(status, 64);
  assert.match(stderr, /supervisor/);
  assert.match(stderr, /add/);
});
