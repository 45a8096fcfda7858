// Makes this package ready to use in the tree: its dependencies, dist/, and a link under which the tests find it by its name. Does nothing where nothing has changed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const tests = join(here, "../../../tests");

const newest = (path) => statSync(path).isDirectory()
  ? Math.max(...readdirSync(path).map((name) => newest(join(path, name))))
  : statSync(path).mtimeMs;

function run(program, ...args) {
  const { status, error } = spawnSync(program, args, { cwd: here, stdio: ["ignore", 2, 2] });
  if (status !== 0) {
    console.error(`${program} ${args.join(" ")} failed in ${here}${error ? `: ${error.message}` : ""}`);
    process.exit(1);
  }
}

const installed = join(here, "node_modules/.package-lock.json");
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(join(here, "package-lock.json")).mtimeMs) {
  run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error");
}

const built = join(here, "dist/index.js");
const sources = [join(here, "src"), join(here, "tsconfig.json"), join(here, "build.mjs"), join(here, "../../../protos")];
if (!existsSync(built) || statSync(built).mtimeMs < Math.max(...sources.map(newest))) {
  run(process.execPath, "build.mjs");
}

const link = join(tests, "node_modules/workerhost");
if (!existsSync(join(link, "package.json"))) {
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true, recursive: true });
  symlinkSync("../../src/clients/node", link);
}
