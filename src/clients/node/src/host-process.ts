// One process of a host, in a private directory that goes when it ends.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { HostUnavailable } from "./errors.js";

// In a session of its own, so that Ctrl-C on the terminal is the program's affair. The shell outlives the host, and the program, and tidies up.
// What a shell says of a program that was killed is said better elsewhere.
const shell = 'trap : TERM; d=$1; shift; exec 3>&2 2>/dev/null; (exec "$@" 2>&3 3>&-); s=$?; rm -rf -- "$d"; exit $s';

/** What a host's endpoint file says. */
export interface Endpoints {
  readonly pid: number;
  readonly data: readonly string[];
  readonly [further: string]: unknown;
}

export class HostProcess {
  /** How it ended; its directory is gone then. */
  readonly ended: Promise<string>;
  private readonly shell: ChildProcess;
  private readonly said: { text(): string; pass(): void };
  private readonly endpointFile: string;
  private isReady = false;
  private end: string | undefined;
  private readonly atExit = () => this.signal("SIGTERM");

  /** Starts it. `directory` is there, and its owner's alone. */
  constructor(private readonly command: readonly string[], directory: string, configuration: string) {
    const file = join(directory, "workerhost.json");
    this.endpointFile = join(directory, "endpoint.json");
    writeFileSync(file, configuration, { mode: 0o600, flag: "wx" });
    this.shell = spawn(
      "/bin/sh", ["-c", shell, "sh", directory, ...command, "serve", "--config", file, "--endpoint-file", this.endpointFile, "--exit-with-pid", String(process.pid)],
      { stdio: ["ignore", "ignore", "pipe"], detached: true });
    this.said = collectErrors(this.shell);
    process.on("exit", this.atExit);
    this.ended = new Promise<string>((resolve) => {
      this.shell.once("error", (e) => resolve(`/bin/sh cannot be started: ${e.message}`));
      this.shell.once("exit", (code, signal) => resolve(this.howItEnded(code, signal)));
    }).then((how) => {
      if (existsSync(directory)) {
        // The shell was killed, and so has left something behind.
        this.signal("SIGKILL");
        rmSync(directory, { recursive: true, force: true });
      }
      process.off("exit", this.atExit);
      this.end = how;
      return how;
    });
  }

  /** Where it listens, as soon as it does. HostUnavailable, with what it said: it does not within that time, and is ended. */
  async endpoints(withinMs: number): Promise<Endpoints> {
    const until = performance.now() + withinMs;
    for (;;) {
      // It is there whole or not at all.
      const text = existsSync(this.endpointFile) ? readFileSync(this.endpointFile, "utf8") : undefined;
      if (text !== undefined) {
        this.isReady = true;
        this.said.pass();
        return JSON.parse(text) as Endpoints;
      }
      if (this.end !== undefined || performance.now() > until) {
        const why = this.end ?? `it did not listen within ${withinMs} ms (option startMs)`;
        await this.stop();
        throw new HostUnavailable(`the host did not start: ${why}${this.said.text()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Lets its tasks finish and ends it; one that does not listen yet is killed. */
  async stop(): Promise<void> {
    this.signal(this.isReady ? "SIGTERM" : "SIGKILL");
    await this.ended;
  }

  // The group is the shell and the host; workers have groups of their own, which end when their host does.
  private signal(signal: NodeJS.Signals): void {
    if (this.shell.pid === undefined || this.end !== undefined) {
      return;
    }
    try {
      process.kill(-this.shell.pid, signal);
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== "ESRCH") {
        throw e;
      }
    }
  }

  private howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
    const [program] = this.command;
    if (code === 126 || code === 127) {
      return `${program} cannot be started`;
    }
    const by = signal ?? Object.entries(constants.signals).find(([, number]) => code! - 128 === number)?.[0];
    return `${program} ended with ${by ?? `exit code ${code}`}`;
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

