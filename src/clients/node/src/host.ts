import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "./client.js";
import type { ConnectOptions } from "./connect-options.js";
import { defaultPatienceMs } from "./connector.js";
import { HostUnavailable } from "./errors.js";
import { findCommand } from "./host-command.js";
import { checkHostOptions, configurationOf, type HostOptions } from "./host-options.js";
import { HostProcess, type Endpoints } from "./host-process.js";

// One that has been started so often within so long is not started again before that time has passed.
const mostStarts = 5;
const startsWithinMs = 60_000;

/** A host of this program's own. It ends with the program, however that ends; where it ends before, it is started again at the same address. */
export interface Host extends AsyncDisposable {
  /** Of its data plane, for `connect`. */
  readonly address: string;
  /** Of its process; another one once it was started again. */
  readonly pid: number;
  /** What its endpoint file says: addresses of all its listeners. */
  readonly endpoints: Readonly<Record<string, unknown>>;
  /** Without option `patienceMs` what waits for the host goes on waiting while it is being started again. */
  connect(options?: ConnectOptions): Promise<Client>;
  /** Lets tasks finish and ends it. */
  stop(): Promise<void>;
}

/**
 * Starts a host with pools of its own, and waits until it listens (not for its workers). Rejects with HostUnavailable, in the host's words; with
 * a TypeError or RangeError where an option makes no sense.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  checkHostOptions(options);
  const command = findCommand(options.command);
  // Its owner's alone (0700), as mkdtemp makes it.
  const directory = mkdtempSync(join(tmpdir(), "workerhost-node-"));
  const host = new PrivateHost(command, directory, options);
  await host.start();
  return host;
}

class PrivateHost implements Host {
  private process: HostProcess | undefined;
  private current: Endpoints = { pid: 0, data: [] };
  private configuration: string | undefined;
  /** It has ended, and is being started again. */
  private isComing = false;
  private starts: number[] = [];
  private readonly leaving = new AbortController();
  private kept: Promise<void> = Promise.resolve();
  private stopped: Promise<void> | undefined;

  constructor(
    private readonly command: readonly string[],
    private readonly directory: string,
    private readonly options: HostOptions,
  ) {}

  get address(): string {
    return this.current.data[0];
  }

  get pid(): number {
    return this.current.pid;
  }

  get endpoints(): Endpoints {
    return this.current;
  }

  async connect(options: ConnectOptions = {}): Promise<Client> {
    if (this.leaving.signal.aborted) {
      throw new HostUnavailable(`the host at ${this.address} was stopped`);
    }
    return Client.open(this.address, options, { isComing: () => this.isComing, waitMs: defaultPatienceMs });
  }

  /** The first time. */
  async start(): Promise<void> {
    const process = await this.startOnce();
    this.kept = this.keep(process);
  }

  stop(): Promise<void> {
    return this.stopped ??= this.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async end(): Promise<void> {
    this.leaving.abort();
    await this.process!.stop();
    await this.kept;
  }

  private async startOnce(): Promise<HostProcess> {
    this.starts.push(performance.now());
    let process: HostProcess;
    try {
      this.configuration ??= configurationOf(this.options, this.directory);
      process = this.process = new HostProcess(this.command, this.directory, this.configuration);
    } catch (e) {
      rmSync(this.directory, { recursive: true, force: true });
      throw e;
    }
    const endpoints = await process.endpoints(this.options.startMs ?? 30_000);
    if (endpoints.data[0] === undefined) {
      await process.stop();
      throw new HostUnavailable(`the host's endpoint file names no data plane: ${JSON.stringify(endpoints)}`);
    }
    this.current = endpoints;
    return process;
  }

  /** Until it is stopped. */
  private async keep(first: HostProcess): Promise<void> {
    for (let process: HostProcess | undefined = first; process;) {
      const how = await process.ended;
      if (this.leaving.signal.aborted) {
        return;
      }
      this.isComing = true;
      this.warn(`the host at ${this.address} (pid ${this.pid}) is gone: ${how}; it is started again`);
      process = await this.startAgain();
      this.isComing = false;
    }
  }

  /** Undefined: it was stopped meanwhile. */
  private async startAgain(): Promise<HostProcess | undefined> {
    const { signal } = this.leaving;
    while (!signal.aborted) {
      const now = performance.now();
      this.starts = this.starts.filter((then) => now - then < startsWithinMs);
      if (this.starts.length >= mostStarts) {
        this.isComing = false;
        const pauseMs = this.starts[0] + startsWithinMs - now;
        this.warn(`the host at ${this.address} was started ${mostStarts} times within ${startsWithinMs / 1000} s; the next time is in ${Math.ceil(pauseMs / 1000)} s`);
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
        this.isComing = true;
        continue;
      }
      try {
        // At the same place, so that whoever has its address finds it.
        mkdirSync(this.directory, { mode: 0o700 });
        return await this.startOnce();
      } catch (e) {
        if (!signal.aborted) {
          this.warn((e as Error).message);
        }
      }
    }
    return undefined;
  }

  private warn(message: string): void {
    if (this.options.logLevel !== "none") {
      process.emitWarning(message, "WorkerHostWarning");
    }
  }
}
