// What the tests of this package share.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test as nodeTest } from "node:test";
import { startHost } from "workerhost";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const conformanceWorker = join(root, "tests/conformance/workers/node_worker.mjs");

/** A test of the default run, which may take at most half a minute on a busy machine before it counts as hung. */
export const test = (name, body) => nodeTest(name, { timeout: 30_000 }, body);

/** Only with --slow. */
export const slowTest = process.env.WORKERHOST_TEST_SLOW === "1" ? (name, body) => nodeTest(name, { timeout: 300_000 }, body) : () => {};

export const pool = (settings = {}, program = conformanceWorker) => ({ command: { fileName: process.execPath, arguments: [program] }, workers: 1, ...settings });

/** A host with pools of Node workers. */
export const hostOf = (pools, options = {}) => startHost({ pools, ...options });

/** A directory that goes with the test. */
export function directoryOf(context) {
  const directory = mkdtempSync(join(tmpdir(), "wh-node-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Until the fact holds; how it stands when patience ends is the failure. */
export async function until(fact, otherwise) {
  const end = performance.now() + 20_000;
  while (!(await fact())) {
    if (performance.now() > end) {
      throw new Error(`it did not come to that: ${otherwise}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const linesOf = (path) => existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];

export function isAlive(pid) {
  try {
    return !/^[ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, ""));
  } catch {
    return false;
  }
}

/** Stands between a client and a host, and can cut all connections. */
export class Proxy {
  #server;
  #sockets = new Set();

  static async to(address, directory) {
    const proxy = new Proxy();
    const path = join(directory, "proxy.sock");
    const target = address.replace("unix://", "");
    proxy.address = `unix://${path}`;
    proxy.#server = createServer((near) => {
      const far = connectSocket(target);
      for (const [from, to] of [[near, far], [far, near]]) {
        proxy.#sockets.add(from);
        from.pipe(to);
        from.on("error", () => to.destroy());
        from.on("close", () => {
          proxy.#sockets.delete(from);
          to.destroy();
        });
      }
    });
    await new Promise((resolve) => proxy.#server.listen(path, resolve));
    return proxy;
  }

  cut() {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  close() {
    this.#server.close();
    this.cut();
  }
}
