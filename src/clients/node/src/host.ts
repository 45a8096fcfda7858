import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect, type Client } from "./client.js";
import type { ConnectOptions } from "./connect-options.js";
import { HostUnavailable } from "./errors.js";
import { checkHostOptions, configurationText, type HostOptions } from "./host-options.js";

// Its clients are this program's: where they don't come back at once the program has gone, and nobody waits for its tasks.
const abandonAfter = "1s";

/** A host of this program's own. It ends with the program, however that ends. */
export interface Host extends AsyncDisposable {
  /** Of its data plane, for `connect`. */
  readonly address: string;
  readonly pid: number;
  /** What its endpoint file says: addresses of all its listeners. */
  readonly endpoints: Readonly<Record<string, unknown>>;
  connect(options?: ConnectOptions): Promise<Client>;
  /** Lets tasks finish and ends it. */
  stop(): Promise<void>;
}

/** Starts a host with pools of its own, and waits until it listens (not for its workers). Rejects with HostUnavailable, in the host's words; with a TypeError or RangeError where an option makes no sense. */
export async function startHost(options: HostOptions): Promise<Host> {
  checkHostOptions(options);
  const command = findCommand(options.command);
  const data = { abandonAfter, ...(options.settings?.["data"] as object | undefined) };
  const text = configurationText({ ...options.settings, data, log: { level: options.logLevel ?? "warning" }, pools: options.pools });
  // Its owner's alone (0700), as mkdtemp makes it.
  const directory = mkdtempSync(join(tmpdir(), "workerhost-node-"));
  const configuration = join(directory, "workerhost.json");
  const endpointFile = join(directory, "endpoint.json");
  writeFileSync(configuration, text, { mode: 0o600 });

  const [program, ...leading] = command;
  const host = spawn(
    program, [...leading, "serve", "--config", configuration, "--endpoint-file", endpointFile, "--exit-with-pid", String(process.pid)],
    // Ctrl-C is for the program, which may want its host for what it does then.
    { stdio: ["ignore", "ignore", "pipe"], detached: true });
  const ended = new Promise<string>((resolve) => {
    host.once("error", (e) => resolve(`${program} cannot be started: ${e.message}`));
    host.once("exit", (code, signal) => resolve(`it ended with ${signal ?? `exit code ${code}`}`));
  });
  const said = collectErrors(host);
  const forget = () => rmSync(directory, { recursive: true, force: true });
  // A program that ends without stopping its host leaves no file behind; one that is killed leaves an empty directory.
  const atExit = () => {
    host.kill("SIGTERM");
    forget();
  };
  process.once("exit", atExit);
  const stopped = ended.then(() => {
    process.off("exit", atExit);
    forget();
  });

  try {
    const endpoints = await endpointsOf(endpointFile, ended, options.startMs ?? 30_000);
    const address = dataAddress(endpoints);
    said.pass();
    return {
      address,
      endpoints,
      pid: host.pid!,
      connect: (how) => connect(address, how),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (e) {
    host.kill("SIGKILL");
    await stopped;
    throw new HostUnavailable(`the host did not start: ${(e as Error).message}${said.text()}`, { cause: e });
  }

  async function stop(): Promise<void> {
    host.kill("SIGTERM");
    await stopped;
  }
}

function collectErrors(host: ChildProcess): { text(): string; pass(): void } {
  let kept = "";
  let passing = false;
  host.stderr?.setEncoding("utf8").on("data", (text: string) => {
    if (passing) {
      process.stderr.write(text);
    } else {
      kept = (kept + text).slice(-4000);
    }
  });
  // The log alone does not keep the program alive.
  (host.stderr as unknown as { unref?(): void } | null)?.unref?.();
  return {
    text: () => kept === "" ? "" : `; it said:\n${kept}`,
    pass: () => {
      passing = true;
      if (kept !== "") {
        process.stderr.write(kept);
      }
    },
  };
}

async function endpointsOf(file: string, ended: Promise<string>, withinMs: number): Promise<Record<string, unknown>> {
  const until = performance.now() + withinMs;
  let end: string | undefined;
  void ended.then((how) => end = how);
  // It is there whole or not at all.
  while (!existsSync(file)) {
    if (end !== undefined) {
      throw new Error(end);
    }
    if (performance.now() > until) {
      throw new Error(`it did not listen within ${withinMs} ms (option startMs)`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
}

function dataAddress(endpoints: Record<string, unknown>): string {
  const [best] = endpoints["data"] as string[];
  if (best === undefined) {
    throw new Error(`its endpoint file names no data plane: ${JSON.stringify(endpoints)}`);
  }
  return best;
}

/** The program and what stands before its arguments. */
function findCommand(given: string | undefined): string[] {
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
