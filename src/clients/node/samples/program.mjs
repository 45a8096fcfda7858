import { fileURLToPath } from "node:url";
import { TaskFailed, TaskTimeout, WorkerLost, startHost } from "workerhost";

const host = await startHost({
  pools: {
    sums: {
      command: { fileName: process.execPath, arguments: [fileURLToPath(new URL("worker.mjs", import.meta.url))] },
      workers: 2,
      cancelGrace: "200ms",                       // after that a task that does not heed its stop loses its process
      terminateGrace: "200ms",
      expiredTerminateGrace: "200ms",
    },
  },
});
const client = await host.connect();            // or: await connect("unix:///run/workerhost/data.sock"), await connect("host:7070", { token, tls: true })

console.log(await client.run("add", [20, 22])); // 42

for await (const sum of client.map("add", [[1, 2], [3, 4], [5, 6]], { idempotent: true })) {
  console.log(sum);                             // 3, 7, 11: in order, as many ahead as `ahead` says
}

const rows = client.stream("rows", [3]);
for await (const { row } of rows) {
  console.log(row, rows.progress);              // while the handler runs; leaving the loop stops it
}

console.log(await client.run("invert", new Uint8Array([0, 255])));  // <Buffer ff 00>

try {
  await client.run("crash");                    // takes only itself
} catch (e) {
  if (!(e instanceof WorkerLost)) {
    throw e;
  }
  console.log(e.deaths[0].signal);              // SIGABRT; console.log(String(e.deaths[0])) for all of it
}

try {
  await client.run("spin", [], { timeoutMs: 300 });
} catch (e) {
  console.log(e instanceof TaskTimeout);        // true, and its process is stopped
}

const stop = new AbortController();
setTimeout(() => stop.abort(), 100);
try {
  await client.run("spin", [], { signal: stop.signal });
} catch (e) {
  console.log(e.name);                          // AbortError: the signal's reason, at once
}

try {
  await client.run("fetch", ["/a"]);
} catch (e) {
  console.log(e instanceof TaskFailed);
}

await client.close();                           // lets accepted tasks finish
await host.stop();
