// Each mistake is an error at once that says what to do, and never a hang.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

test("options and names that make no sense", async () => {
  for (const [options, says] of [
    [{ timeoutMs: 0 }, "above 0"], [{ priority: 3 }, "-2 to 2"], [{ maxAttempts: 0 }, "1 to 1000"], [{ id: "" }, "1 to 1024"],
    [{ headers: { a: 1 } }, "texts"], [{ headers: { a: "x".repeat(40_000) } }, "32768"], [{ timeout: 5 }, "no option timeout"], [{ signal: {} }, "AbortSignal"],
  ]) {
    await assert.rejects(client.run("echo", [1], options), (e) => e instanceof BadInput && e.message.includes(says), says);
  }
  await assert.rejects(client.run(""), BadInput);
  assert.throws(() => client.stream("count", [1], { buffer: 0 }), BadInput);
  await assert.rejects(client.map("echo", [1], { ahead: 0 }).next(), BadInput);
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

test("options of a connection and of a host that do not exist", async () => {
  await assert.rejects(connect(host.address, { pol: "p" }), (e) => e instanceof TypeError && /no option pol; there are .*pool/.test(e.message));
  await assert.rejects(connect(host.address, { waitMs: "soon" }), TypeError);
  await assert.rejects(startHost({ pools: { p: pool() }, workers: 3 }), (e) => e instanceof TypeError && /no option workers/.test(e.message));
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

test("a host that cannot be started", async () => {
  await assert.rejects(startHost({ pools: { p: pool() }, command: "/no/such/workerhost" }), (e) => e instanceof HostUnavailable && /\/no\/such\/workerhost/.test(e.message));
  await assert.rejects(startHost({ pools: { p: { command: { fileName: "x" }, workers: "many" } } }), (e) => e instanceof HostUnavailable && /pools:p:workers/.test(e.message));
  await assert.rejects(startHost({ pools: {} }), TypeError);
});

test("a worker that is started by hand explains itself", () => {
  const { status, stderr } = spawnSync(process.execPath, [conformanceWorker], { encoding: "utf8", env: { PATH: process.env.PATH } });
  assert.equal(status, 64);
  assert.match(stderr, /supervisor/);
  assert.match(stderr, /add/);
});
