import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { HostUnavailable } from "./errors.js";

/** The program and what stands before its arguments. */
export function findCommand(given: string | undefined): string[] {
  const named = given ?? process.env["WORKERHOST_COMMAND"];
  if (named) {
    return existsSync(named) ? [named] : named.split(/\s+/).filter((part) => part !== "");
  }
  for (const place of (process.env["PATH"] ?? "").split(delimiter)) {
    const program = join(place, "workerhost");
    if (place !== "" && existsSync(program)) {
      return [program];
    }
  }
  for (let at = dirname(fileURLToPath(import.meta.url)); dirname(at) !== at; at = dirname(at)) {
    for (const configuration of ["Release", "Debug"]) {
      const built = join(at, "src/WorkerHost.Sidecar/bin", configuration, "net10.0/WorkerHost.Sidecar");
      if (existsSync(built)) {
        return [built];
      }
    }
  }
  throw new HostUnavailable("there is no workerhost to start: install the tool (`dotnet tool install --global WorkerHost.Sidecar`), put it on PATH, or name it in WORKERHOST_COMMAND or in the option command");
}
