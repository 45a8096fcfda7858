// Makes dist/: the contract's .proto files as they stand in the repository, and the compiled sources.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const protos = join(here, "../../../protos/workerhost/v1");
const needed = ["failure", "grpc_method", "session", "task_endpoint"];

rmSync(join(here, "dist"), { recursive: true, force: true });
mkdirSync(join(here, "dist/protos/workerhost/v1"), { recursive: true });
for (const name of needed) {
  cpSync(join(protos, `${name}.proto`), join(here, `dist/protos/workerhost/v1/${name}.proto`));
}

const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
process.exit(spawnSync(process.execPath, [compiler, "-p", here], { stdio: "inherit" }).status ?? 1);
