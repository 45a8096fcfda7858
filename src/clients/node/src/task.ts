import { WorkerHostError } from "./errors.js";
import type { Encoded } from "./payload.js";

/** How far a running task is. */
export interface TaskReport {
  /** From 0 to 1; undefined: it does not say. */
  readonly fraction: number | undefined;
  readonly message: string;
}

export interface TaskOptions {
  /** Aborting it stops the task, running or not; the promise rejects at once with the signal's reason. */
  signal?: AbortSignal;
  /** Time limit from the call to the outcome, waiting included; the task is stopped when it has passed. Above 0. Default: none. */
  timeoutMs?: number;
  /** It may run again when it is unknown whether its first attempt ran. Default false. */
  idempotent?: boolean;
  /** Attempts in all after lost workers, 1 to 1000. Default: the pool's. */
  maxAttempts?: number;
  /** Higher goes first, -2 to 2. Default 0. */
  priority?: number;
  /** Tasks of one key prefer one worker. */
  affinityKey?: string;
  /** The same id again is the same task. At most 1024 characters. Default: one is made up. */
  id?: string;
  /** Handed to the handler; at most 32 KiB. */
  headers?: Readonly<Record<string, string>>;
  /** Told of the task's progress, in order; of reports that come faster than they are carried the newest. What it throws is an uncaught exception. */
  onProgress?: (report: TaskReport) => void;
  /** Makes a value of a result that is not JSON; e.g. `Response.decode` of a protobuf message. Default: the bytes. */
  decode?: (bytes: Uint8Array) => unknown;
}

/** Who waits for a task. One of `succeeded` and `failed` is called, once. */
export interface TaskWaiter {
  succeeded(contentType: string, data: Uint8Array): void;
  failed(error: unknown): void;
  item?(contentType: string, data: Uint8Array): void;
}

/** Room for items of a stream. */
export interface Room {
  items: number;
  bytes: number;
}

/** A task on its way from the caller to its outcome. The dispatch owns what changes. */
export class Task {
  /** In the session that has it; 0: in none. */
  sequence = 0;
  attempt = 1;
  /** An earlier session to this host instance had it. */
  carried = false;
  /** Its caller has been told how it ended; what is left is to stop it. */
  settled = false;
  hasYielded = false;
  /** It stands in the client's own line. */
  waits = false;
  /** How much of a large payload has gone ahead; and under which number. */
  uploaded = 0;
  upload = 0;
  room: Room | undefined;
  whenSettled: (() => void) | undefined;
  private cleanUp: (() => void)[] = [];

  constructor(
    readonly name: string,
    readonly number: number,
    readonly payload: Encoded,
    readonly options: TaskOptions,
    /** By performance.now(); 0: none. */
    readonly deadline: number,
    private readonly waiter: TaskWaiter,
  ) {}

  get isStream(): boolean {
    return this.room !== undefined;
  }

  /** Roughly, in a frame. */
  get size(): number {
    const { headers, id, affinityKey } = this.options;
    let size = this.payload.data.length + 3 * this.name.length + 96 + (id ? 3 * id.length : 0) + (affinityKey ? 3 * affinityKey.length : 0);
    for (const name in headers) {
      size += 3 * (name.length + headers[name].length) + 8;
    }
    return size;
  }

  /** When its end is known, whatever it is. */
  onSettled(action: () => void): void {
    this.cleanUp.push(action);
  }

  succeed(contentType: string, data: Uint8Array): void {
    if (this.settle()) {
      this.waiter.succeeded(contentType, data);
    }
  }

  fail(error: unknown): void {
    if (this.settle()) {
      if (error instanceof WorkerHostError && error.task === undefined) {
        (error as { task: string | undefined }).task = this.name;
      }
      this.waiter.failed(error);
    }
  }

  item(contentType: string, data: Uint8Array): void {
    this.hasYielded = true;
    if (!this.settled) {
      this.waiter.item?.(contentType, data);
    }
  }

  report(fraction: number, message: string): void {
    if (!this.settled) {
      this.options.onProgress?.({ fraction: Number.isNaN(fraction) ? undefined : fraction, message });
    }
  }

  private settle(): boolean {
    if (this.settled) {
      return false;
    }
    this.settled = true;
    for (const action of this.cleanUp) {
      action();
    }
    this.cleanUp = [];
    this.whenSettled?.();
    return true;
  }
}
