import { randomBytes } from "node:crypto";
import { parseAddress } from "./address.js";
import { check, misuse, number, rulesOf } from "./checks.js";
import { checkConnectOptions, type ConnectOptions } from "./connect-options.js";
import { Connector } from "./connector.js";
import { Dispatch } from "./dispatch.js";
import { BadInput, Rejected, TaskTimeout } from "./errors.js";
import { mapTasks, type MapOptions } from "./map.js";
import { checkTask, runRules, streamRules } from "./options.js";
import { decodeResult, encodeArguments, type TaskArguments } from "./payload.js";
import { TaskStream, bytesAhead } from "./stream.js";
import { Task, type Room, type TaskOptions, type TaskWaiter } from "./task.js";
import type { TaskDescription } from "./wire.js";

// Its host may say more of it; the caller does not wait for that.
const timeoutSlackMs = 20;
const longestTimerMs = 2 ** 31 - 1;

const closeRules = rulesOf({ drainMs: number(" of milliseconds", "from 0", (value) => value >= 0) });

export interface CloseOptions {
  /** How long accepted tasks may finish before they are stopped and rejected. Default 30 000. */
  drainMs?: number;
}

export interface StreamOptions extends TaskOptions {
  /** How many items may be ahead of the loop that takes them, 1 to 100 000 (and at most 1 MiB). Default 1000. */
  buffer?: number;
}

/** What whoever starts the host knows of it. Counts where the caller does not say himself how long to wait. */
export interface HostOutlook {
  /** It is on its way. */
  isComing(): boolean;
  /** How long a first connection waits for one that is not. */
  readonly waitMs: number;
}

/**
 * A connection to a pool of a host, for as many tasks at a time as the program likes. Made by `connect`. It keeps the program alive until it is
 * closed. When its connection breaks it comes back by itself, to the tasks that run there.
 */
export class Client implements AsyncDisposable {
  private readonly dispatch: Dispatch;
  private readonly connector: Connector;
  private readonly maxWaiting: number;
  private readonly stoppable = new WeakMap<AbortSignal, Set<Task>>();
  private number = 0;
  private closing: Promise<void> | undefined;

  private constructor(private readonly address: string, options: ConnectOptions, host: HostOutlook) {
    checkConnectOptions(options);
    const { token, tls, pool = "", maxWaiting = 100_000, patienceMs } = options;
    this.maxWaiting = maxWaiting;
    this.dispatch = new Dispatch(address);
    this.connector = new Connector(parseAddress(address, token, tls), pool, `node-${randomBytes(9).toString("base64url")}`, this.dispatch, patienceMs, host.isComing);
  }

  /** @internal Use `connect`. */
  static async open(address: string, options: ConnectOptions, host: HostOutlook = { isComing: () => false, waitMs: 0 }): Promise<Client> {
    const client = new Client(address, options, host);
    await client.connector.connect(options.waitMs, host.waitMs);
    return client;
  }

  /** What the host said at the start of the session that its pool can run; empty while there is no session. */
  get tasks(): readonly TaskDescription[] {
    return this.connector.current?.hello.tasks ?? [];
  }

  /** Runs one task. Resolves with its result; rejects with one of the errors of this package, or with the reason of the signal. */
  run<T = unknown>(task: string, args?: TaskArguments, options: TaskOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      checkTask(task, options, runRules);
      this.submit(task, args, options, undefined, {
        succeeded: (contentType, data) => {
          try {
            resolve(decodeResult(task, contentType, data, options.decode) as T);
          } catch (e) {
            reject(e as Error);
          }
        },
        failed: reject,
      });
    });
  }

  /**
   * Runs a task for each element, some of them ahead: an element that is an array is the arguments, a Uint8Array or Payload is the payload, anything else
   * the only argument. The first failure ends the loop; leaving it stops what is ahead.
   */
  map<T = unknown>(task: string, elements: Iterable<unknown> | AsyncIterable<unknown>, options: MapOptions = {}): AsyncIterableIterator<T> {
    return mapTasks<T>(this, task, elements, options);
  }

  /** Runs a task that yields items, and gives them one by one. */
  stream<T = unknown>(task: string, args?: TaskArguments, options: StreamOptions = {}): TaskStream<T> {
    checkTask(task, options, streamRules);
    const { buffer = 1000, ...taskOptions } = options;
    const told = taskOptions.onProgress;
    taskOptions.onProgress = (report) => {
      stream.progress = report;
      told?.(report);
    };
    const stopping = new AbortController();
    const stream = new TaskStream<T>(
      buffer,
      (items, bytes) => submitted && this.dispatch.grant(submitted, items, bytes),
      () => stopping.abort());
    const submitted = this.submit(task, args, taskOptions, { items: buffer, bytes: bytesAhead }, {
      item: (contentType, data) => {
        try {
          stream.push(decodeResult(task, contentType, data, options.decode), data.length);
        } catch (e) {
          stream.ended({ error: e });
          stopping.abort();
        }
      },
      succeeded: () => stream.ended({}),
      failed: (error) => stream.ended({ error }),
    });
    if (submitted) {
      this.stopOn(submitted, stopping.signal);
    }
    return stream;
  }

  /** Takes nothing new, lets what was accepted finish, and ends the connection. Rejects only where an option makes no sense, and does nothing then. */
  close(options: CloseOptions = {}): Promise<void> {
    try {
      check("close", options, closeRules, misuse);
    } catch (e) {
      return Promise.reject(e);
    }
    return this.closing ??= this.shut(options.drainMs ?? 30_000);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async shut(drainMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const overdue = new Promise<void>((resolve) => timer = setTimeout(resolve, Math.min(drainMs, longestTimerMs)));
    await Promise.race([this.dispatch.idle(), overdue]);
    clearTimeout(timer);
    if (!this.dispatch.isIdle) {
      this.dispatch.stopAll(() => new Rejected(`the client was closed (drainMs: ${drainMs}) before the task had ended; it was stopped`));
    }
    await this.connector.close();
  }

  private submit(name: string, args: TaskArguments | undefined, options: TaskOptions, room: Room | undefined, waiter: TaskWaiter): Task | undefined {
    const { signal, timeoutMs } = options;
    if (signal?.aborted) {
      waiter.failed(signal.reason);
      return undefined;
    }
    if (this.closing) {
      waiter.failed(new Rejected(`task ${name} was not accepted: the client at ${this.address} is closed`, { task: name, neverStarted: true }));
      return undefined;
    }
    if (this.dispatch.queued >= this.maxWaiting) {
      waiter.failed(new Rejected(
        `task ${name} was not accepted: ${this.maxWaiting} tasks wait in this client already (option maxWaiting of connect); use map(), which goes ahead only so far, or wait for some`,
        { task: name, neverStarted: true, retryAfterMs: 100 }));
      return undefined;
    }
    const payload = encodeArguments(name, args);
    const limit = this.connector.current?.maxMessageBytes;
    if (limit !== undefined && payload.data.length > limit) {
      throw new BadInput(`the arguments of task ${name} have ${payload.data.length} bytes, more than the pool's limit of ${limit} (maxMessageBytes)`, { task: name, neverStarted: true });
    }
    const task = new Task(name, ++this.number, payload, options, timeoutMs === undefined ? 0 : performance.now() + timeoutMs, waiter);
    task.room = room;
    if (signal) {
      this.stopOn(task, signal);
    }
    if (timeoutMs !== undefined && timeoutMs < longestTimerMs) {
      const timer = setTimeout(() => {
        task.fail(new TaskTimeout(`the time limit of task ${name} (${timeoutMs} ms) has passed; it is being stopped`, { task: name, taskId: options.id }));
        this.dispatch.stop(task);
      }, timeoutMs + timeoutSlackMs);
      task.onSettled(() => clearTimeout(timer));
    }
    this.dispatch.submit(task);
    return task;
  }

  /** One listener for all tasks of a signal. */
  private stopOn(task: Task, signal: AbortSignal): void {
    let tasks = this.stoppable.get(signal);
    if (!tasks) {
      const together = tasks = new Set<Task>();
      this.stoppable.set(signal, together);
      signal.addEventListener("abort", () => {
        for (const one of [...together]) {
          one.fail(signal.reason);
          this.dispatch.stop(one);
        }
      }, { once: true });
    }
    const together = tasks;
    together.add(task);
    task.onSettled(() => together.delete(task));
  }
}

/**
 * Connects to a host: "unix:///path/to/data.sock" or "host:port". Rejects with HostUnavailable, HostRefused or VersionMismatch; with a
 * TypeError where the address or an option makes no sense, a RangeError where a number is out of its range.
 */
export async function connect(address: string, options: ConnectOptions = {}): Promise<Client> {
  return Client.open(address, options);
}
