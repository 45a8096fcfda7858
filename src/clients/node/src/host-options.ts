import { join } from "node:path";
import { check, isRecord, misuse, number, record, rulesOf, shown, text, wholeNumber } from "./checks.js";

/** A pool of workers; further settings as the host's configuration has them (src/docs/sidecar-configuration.md). */
export interface PoolOptions {
  command: {
    /** A program; for a worker in JavaScript `process.execPath`. */
    fileName: string;
    arguments?: string[];
    environment?: Record<string, string>;
  };
  /** Default: the processors available. */
  workers?: number;
  /** How many tasks one worker runs at the same time. Default 1. */
  concurrency?: number;
  [setting: string]: unknown;
}

export interface HostOptions {
  pools: Record<string, PoolOptions>;
  /** The `workerhost` to start. Default: WORKERHOST_COMMAND, else the one on PATH, else the one built in the repository that this package is in. */
  command?: string;
  /** The lowest level of the host's log, which goes to this program's stderr: "trace" … "critical", "none". Default "warning". */
  logLevel?: string;
  /** How long it may take to begin. Default 30 000. */
  startMs?: number;
  /** Further settings of the host's configuration, e.g. `{ data: { tcp: "127.0.0.1:0", tokenFile } }`. */
  settings?: Record<string, unknown>;
}

// Its clients are this program's: where they don't come back at once the program has gone, and nobody waits for its tasks.
const abandonAfter = "1s";

const levels = ["trace", "debug", "information", "warning", "error", "critical", "none"];

const hostRules = rulesOf({
  pools: { allowed: "an object with at least one pool, { NAME: { command: { fileName, arguments } } }", fits: (value) => isRecord(value) && Object.keys(value).length > 0 },
  command: text(1),
  logLevel: { allowed: levels.map((level) => `"${level}"`).join(", "), fits: (value) => typeof value === "string" && levels.includes(value.toLowerCase()) },
  startMs: number(" of milliseconds", "above 0", (value) => value > 0),
  settings: record,
});

// What the types of this package name. All else is the host's to judge, in its own words.
const poolRules = rulesOf({
  command: { allowed: "an object with fileName and perhaps arguments and environment", fits: isRecord },
  workers: wholeNumber(0, 10_000),
  concurrency: wholeNumber(1),
});
const commandRules = rulesOf({
  fileName: text(1),
  arguments: {
    allowed: "an array of texts",
    fits: (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
    said: (value) => Array.isArray(value) ? `an array with ${shown(value.find((one) => typeof one !== "string"))}` : shown(value),
  },
  environment: {
    allowed: "an object of texts",
    fits: (value) => isRecord(value) && Object.values(value).every((one) => typeof one === "string"),
    said: (value) => isRecord(value) ? `an object in which ${Object.keys(value).find((name) => typeof value[name] !== "string")} is no text` : shown(value),
  },
});

/** Throws a TypeError or RangeError, with the option, what was given and what is allowed. */
export function checkHostOptions(options: HostOptions): void {
  check("startHost", options, hostRules, misuse);
  if (options.pools === undefined) {
    throw new TypeError(`startHost needs ${hostRules.get("pools")!.allowed}, as option pools`);
  }
  for (const [name, pool] of Object.entries(options.pools)) {
    check(`pool ${name}`, pool, poolRules, misuse, true);
    if (pool.command !== undefined) {
      check(`the command of pool ${name}`, pool.command, commandRules, misuse, true);
    }
  }
}

/** The host's configuration, with its sockets in `directory`. What JSON would leave out, or make null of, is a TypeError. */
export function configurationOf(options: HostOptions, directory: string): string {
  const { settings = {}, logLevel = "warning", pools } = options;
  const configuration = {
    ...settings,
    data: { socket: join(directory, "data.sock"), abandonAfter, ...(settings["data"] as object | undefined) },
    admin: { socket: join(directory, "admin.sock"), ...(settings["admin"] as object | undefined) },
    log: { level: logLevel },
    pools,
  };
  return JSON.stringify(configuration, (name, value: unknown) => {
    if (["function", "symbol", "bigint"].includes(typeof value) || (typeof value === "number" && !Number.isFinite(value))) {
      throw new TypeError(`setting ${name} of the host is ${shown(value)}; allowed: what JSON has`);
    }
    return value;
  });
}
