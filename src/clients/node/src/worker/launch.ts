// How a worker begins and ends: the launch line, the lifeline, the exit codes (src/docs/worker-contract.md).
import { readSync } from "node:fs";
import { Protocol } from "../wire.js";

/** What the supervisor makes of the end of a worker. */
export const ExitCode = {
  success: 0,
  /** The program was started by hand. */
  notSupervised: 64,
  cannotServe: 70,
  /** "Replace me, I did not crash", once the worker is ready. */
  replaceMe: 75,
  /** No start can succeed until the configuration changes. */
  misconfigured: 78,
} as const;

export const marker = "WORKERHOST_WORKER";

const maxLineBytes = 64 * 1024;
const maxLanes = 1024;
const leaveInYourOwnTime = "leave-in-your-own-time";

export interface LaunchLine {
  minProtocol: number;
  maxProtocol: number;
  pool: string;
  slot: number;
  incarnation: number;
  address: string;
  secret?: string;
  ledger?: string;
  hostInstance: string;
  concurrency: number;
  drainMilliseconds: number;
  heartbeatMilliseconds?: number;
  maxMessageBytes: number;
}

export class LaunchError extends Error {
  constructor(readonly exitCode: number, message: string) {
    super(message);
  }
}

/** Blocks until the supervisor has written it: nothing else can begin before. */
export function readLaunchLine(): LaunchLine {
  const buffer = Buffer.alloc(maxLineBytes);
  let length = 0;
  for (;;) {
    let read: number;
    try {
      // Byte for byte: what follows the line belongs to the lifeline.
      read = readSync(0, buffer, length, 1, null);
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === "EAGAIN") {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
        continue;
      }
      if ((e as NodeJS.ErrnoException).code !== "EOF") {
        throw e;
      }
      read = 0;
    }
    if (read === 0) {
      throw new LaunchError(ExitCode.cannotServe, "stdin ended before the supervisor had written the launch line");
    }
    if (buffer[length] === 0x0a) {
      return checked(buffer.toString("utf8", 0, length));
    }
    if (++length === maxLineBytes) {
      throw new LaunchError(ExitCode.cannotServe, `the launch line has no end within ${maxLineBytes} bytes`);
    }
  }
}

export function checked(text: string): LaunchLine {
  let line: LaunchLine;
  try {
    line = JSON.parse(text) as LaunchLine;
  } catch (e) {
    throw new LaunchError(ExitCode.cannotServe, `the launch line is no JSON: ${(e as Error).message}`);
  }
  const need = (condition: boolean, problem: string) => {
    if (!condition) {
      throw new LaunchError(ExitCode.cannotServe, `the launch line makes no sense: ${problem}`);
    }
  };
  need(typeof line === "object" && line !== null, "it is no object");
  need(Number.isInteger(line.minProtocol) && Number.isInteger(line.maxProtocol), "minProtocol and maxProtocol are whole numbers");
  if (line.minProtocol > Protocol.max || line.maxProtocol < Protocol.min) {
    // Another start of the same two programs ends the same way.
    throw new LaunchError(
      ExitCode.misconfigured,
      `no common protocol version: the supervisor speaks ${line.minProtocol} to ${line.maxProtocol}, this worker ${Protocol.min} to ${Protocol.max}; update one of them`);
  }
  need(typeof line.pool === "string" && line.pool !== "", "pool is empty");
  need(typeof line.address === "string", "address is missing");
  need(Number.isInteger(line.concurrency) && line.concurrency >= 1 && line.concurrency <= maxLanes, `concurrency is ${line.concurrency}; it must be 1 to ${maxLanes}`);
  need(line.maxMessageBytes >= 1, `maxMessageBytes is ${line.maxMessageBytes}; it must be at least 1`);
  need(line.drainMilliseconds >= 0, `drainMilliseconds is ${line.drainMilliseconds}; it must not be negative`);
  return line;
}

/** Tells when the supervisor has gone or wants this worker to go; with whether there is no hurry. */
export function watchLifeline(ended: (inItsOwnTime: boolean) => void): void {
  let last = "";
  let told = false;
  const end = () => {
    if (!told) {
      told = true;
      ended(last.split("\n").slice(-2).includes(leaveInYourOwnTime));
    }
  };
  process.stdin.on("data", (bytes: Buffer) => {
    last = (last + bytes.toString("latin1")).slice(-2 * leaveInYourOwnTime.length);
  });
  process.stdin.on("end", end);
  process.stdin.on("close", end);
  process.stdin.on("error", end);
}
