// The package as a user gets it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, slowTest, test } from "./support.mjs";

const home = join(root, "src/clients/node");

test("its version is that of the .NET packages, and its lock file names no registry", () => {
  const [, version] = readFileSync(join(root, "Directory.Build.props"), "utf8").match(/<Version>(.*)<\/Version>/);
  assert.equal(JSON.parse(readFileSync(join(home, "package.json"), "utf8")).version, version);
  const lock = readFileSync(join(home, "package-lock.json"), "utf8");
  assert.equal(JSON.parse(lock).version, version);
  assert.doesNotMatch(lock, /"resolved"/);
});

slowTest("packed, installed into an empty project and used, with its types", () => {
  const project = mkdtempSync(join(tmpdir(), "wh-project-"));
  const npm = (...args) => execFileSync("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], { cwd: project, encoding: "utf8" });
  try {
    execFileSync("npm", ["pack", "--pack-destination", project, "--loglevel=error"], { cwd: home });
    const [archive] = readdirSync(project).filter((name) => name.endsWith(".tgz"));
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
    npm("install", `./${archive}`, "--ignore-scripts");
    for (const name of ["program.mjs", "worker.mjs"]) {
      cpSync(join(home, "samples", name), join(project, name));
    }
    const command = process.env.WORKERHOST_COMMAND ?? join(root, "src/WorkerHost.Sidecar/bin/Release/net10.0/WorkerHost.Sidecar");
    const output = execFileSync(process.execPath, ["program.mjs"], { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, WORKERHOST_COMMAND: command } });
    assert.match(output, /^42\n3\n7\n11\n/);

    writeFileSync(join(project, "typed.mts"), `
      import { connect, startHost, WorkerLost, type Host, type TaskOptions } from "workerhost";
      import { createWorker, type TaskContext } from "workerhost/worker";
      const options: TaskOptions = { timeoutMs: 5, idempotent: true };
      export async function use(host: Host): Promise<number> {
        await using client = await host.connect();
        for await (const n of client.map<number>("add", [[1, 2]], options)) { if (n > 2) { return n; } }
        try { return await client.run<number>("add", [1, 2], options); } catch (e) { return e instanceof WorkerLost ? e.deaths.length : 0; }
      }
      createWorker().task("add", (context: TaskContext, a: number, b: number) => a + b + context.attempt);
      void connect; void startHost;
      // @ts-expect-error no such option
      export const wrong: TaskOptions = { timeout: 5 };
    `);
    execFileSync(process.execPath, [
      join(home, "node_modules/typescript/bin/tsc"), "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--lib", "es2023,esnext.disposable",
      "--module", "nodenext", "--types", "node", "--typeRoots", join(home, "node_modules/@types"), "typed.mts",
    ], { cwd: project, stdio: ["ignore", 2, 2] });
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
});
