// Where handlers run: as many at a time as the supervisor said, started in the order in which they came.
import type { Encoded } from "../payload.js";
import { Queue } from "../queue.js";
import { ContentType, Limits } from "../wire.js";
import type { TaskContext, TaskEntry } from "./context.js";
import { Failures, messageOf } from "./failures.js";
import type { Ledger } from "./ledger.js";
import type { Run, RunEnd } from "./run.js";
import { argumentsOf, encodeValue, isIterator, noValue } from "./values.js";

const mostWaiting = 65_536;
const mostWaitingBytes = 256 * 1024 * 1024;

// After that outcomes leave and cancellations are read before the next handler is called.
const sliceMs = 1;
const longestTimerMs = 2 ** 31 - 1;

export class Lanes {
  finished = 0;
  private readonly queue = new Queue<Run>();
  private readonly free: number[];
  private readonly running = new Set<Run>();
  private waitingBytes = 0;
  private pumping = false;
  private yielding = false;
  private sliceEnd = 0;
  private idleWaiters: (() => void)[] = [];

  constructor(
    readonly concurrency: number,
    private readonly maxMessageBytes: number,
    private readonly ledger: Ledger | undefined,
    private readonly tasks: ReadonlyMap<string, TaskEntry>,
  ) {
    this.free = Array.from({ length: concurrency }, (_, lane) => concurrency - 1 - lane);
  }

  get waitingCount(): number {
    return this.queue.length;
  }

  get runningCount(): number {
    return this.running.size;
  }

  /** When nothing runs and nothing waits. */
  idle(): Promise<void> {
    return this.queue.length + this.running.size === 0 ? Promise.resolve() : new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  /** Takes it, or ends it at once with what is wrong with it. */
  enqueue(run: Run): void {
    const objection = this.objection(run);
    if (objection) {
      run.end({ failure: objection });
      return;
    }
    if (run.facts.deadline !== 0) {
      const left = run.facts.deadline - performance.now();
      if (left < longestTimerMs) {
        run.timer = setTimeout(() => this.stop(run, "time limit"), Math.max(0, left));
      }
    }
    this.waitingBytes += run.bytes;
    this.queue.push(run);
    this.pump();
  }

  /** Ends it if it has not begun, else tells its handler. */
  stop(run: Run, cause: "caller" | "time limit"): void {
    if (run.state === "running") {
      run.stop(cause);
    } else if (this.remove(run)) {
      run.end({ failure: Failures.stopped(run, cause, false) });
    }
  }

  /** Takes it back before it has begun. False: it has. */
  remove(run: Run): boolean {
    if (run.state !== "waiting" || !this.queue.remove(run)) {
      return false;
    }
    this.waitingBytes -= run.bytes;
    this.noticeIdle();
    return true;
  }

  stopAll(): void {
    for (const run of this.running) {
      run.stop("caller");
    }
  }

  private objection(run: Run): ReturnType<typeof Failures.badInput> | undefined {
    const { entry, facts } = run;
    if (!entry) {
      return Failures.unknownTask(run, [...this.tasks.keys()]);
    }
    if (facts.task.length > Limits.nameLength || facts.id.length > Limits.nameLength) {
      return Failures.badInput(run, `the task's name or id has more than ${Limits.nameLength} characters`);
    }
    const contentType = facts.contentType || ContentType.json;
    if (contentType !== entry.contentType) {
      return Failures.badInput(run, `task "${run.task}" takes ${entry.contentType}, not ${contentType}`);
    }
    if (facts.data.length > this.maxMessageBytes) {
      return Failures.badInput(run, `the payload has ${facts.data.length} bytes, more than the limit of ${this.maxMessageBytes} bytes (MaxMessageBytes of the pool's options)`);
    }
    let headerBytes = 0;
    for (const name in facts.headers) {
      headerBytes += Buffer.byteLength(name) + Buffer.byteLength(facts.headers[name]) + 8;
    }
    if (headerBytes > Limits.headerBytes) {
      return Failures.badInput(run, `the task's headers have ${headerBytes} bytes, more than the limit of ${Limits.headerBytes} bytes`);
    }
    if (run.output?.takesItems && !entry.yields) {
      return Failures.badInput(run, `task "${run.task}" yields no items; call it for its result (a handler that yields is a generator function, or was registered with { yields: true })`);
    }
    return this.queue.length >= mostWaiting || this.waitingBytes >= Math.max(mostWaitingBytes, 2 * this.maxMessageBytes)
      ? Failures.rejected(run, `already holds ${this.queue.length} tasks`)
      : undefined;
  }

  private pump(): void {
    if (this.pumping || this.yielding) {
      return;
    }
    this.pumping = true;
    if (this.sliceEnd === 0) {
      this.sliceEnd = performance.now() + sliceMs;
      setImmediate(() => this.sliceEnd = 0);
    }
    while (this.free.length > 0 && this.queue.length > 0) {
      if (performance.now() > this.sliceEnd) {
        this.yielding = true;
        setImmediate(() => {
          this.yielding = false;
          this.sliceEnd = 0;
          this.pump();
        });
        break;
      }
      const run = this.queue.shift()!;
      this.waitingBytes -= run.bytes;
      this.start(run);
    }
    this.pumping = false;
    this.noticeIdle();
  }

  private start(run: Run): void {
    let args: unknown[];
    try {
      args = argumentsOf(run);
    } catch (e) {
      run.end({ failure: Failures.badInput(run, `the payload of task "${run.task}" cannot be read: ${messageOf(e)}`) });
      return;
    }
    run.lane = this.free.pop()!;
    this.running.add(run);
    run.started();
    this.ledger?.start(run.lane, run.facts.session, run.facts.sequence, run.facts.track);
    let returned: unknown;
    try {
      const entry = run.entry!;
      const context: TaskContext = run.context();
      returned = entry.handler(context, ...args);
      if (isIterator(returned)) {
        returned = this.deliver(run, returned);
      }
      if (typeof (returned as PromiseLike<unknown> | null)?.then === "function") {
        void this.settle(run, returned as PromiseLike<unknown>);
        return;
      }
    } catch (e) {
      this.finish(run, this.thrown(run, e));
      return;
    }
    this.finish(run, this.written(run, returned));
  }

  private async settle(run: Run, returned: PromiseLike<unknown>): Promise<void> {
    let end: RunEnd;
    try {
      const value = await returned;
      end = this.written(run, isIterator(value) ? await this.deliver(run, value) : value);
    } catch (e) {
      end = this.thrown(run, e);
    }
    this.finish(run, end);
  }

  private finish(run: Run, end: RunEnd): void {
    this.ledger?.finish(run.lane);
    this.finished++;
    this.running.delete(run);
    this.free.push(run.lane);
    run.output?.close();
    end.serviceUs = Math.round((performance.now() - run.startedAt) * 1000);
    run.end(end);
    this.pump();
  }

  private thrown(run: Run, e: unknown): RunEnd {
    return { failure: run.stopCause === undefined ? Failures.fromHandler(run, e) : Failures.stopped(run, run.stopCause, true) };
  }

  private written(run: Run, value: unknown): RunEnd {
    if (run.output?.takesItems) {
      return { result: { contentType: "", data: noValue } };
    }
    try {
      const result = encodeValue(value);
      return result.data.length > this.maxMessageBytes ? { failure: Failures.tooLarge(run, "the result", result.data.length, this.maxMessageBytes) } : { result };
    } catch (e) {
      return { failure: Failures.resultNotWritable(run, e) };
    }
  }

  /** Items one by one where they are wanted so; else all of them, as one array. */
  private async deliver(run: Run, iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<unknown> {
    const output = run.output?.takesItems ? run.output : undefined;
    const all: unknown[] = [];
    let bytes = 0;
    try {
      for (;;) {
        // First the room: nothing is made that could not be sent.
        while (output && !output.hasRoom && run.stopCause === undefined) {
          await output.whenRoom();
        }
        if (run.stopCause !== undefined) {
          throw run.stopReason;
        }
        const next = await iterator.next();
        if (next.done) {
          return output ? undefined : all;
        }
        if (output) {
          output.add(this.item(run, next.value));
          continue;
        }
        all.push(next.value instanceof Uint8Array ? Buffer.from(next.value).toString("base64") : next.value);
        // An endless one must not fill the memory before it is refused.
        bytes += Buffer.byteLength(JSON.stringify(all.at(-1)) ?? "null") + 1;
        if (bytes > this.maxMessageBytes) {
          throw new RangeError(Failures.tooLarge(run, "the result", bytes, this.maxMessageBytes).message);
        }
      }
    } finally {
      // Runs what the handler has in its finally blocks; after its end it does nothing.
      await iterator.return?.();
    }
  }

  private item(run: Run, value: unknown): Encoded {
    const item = encodeValue(value);
    if (item.data.length > this.maxMessageBytes) {
      throw new RangeError(Failures.tooLarge(run, "an item", item.data.length, this.maxMessageBytes).message);
    }
    return item.contentType === "" ? item : { contentType: item.contentType, data: Buffer.from(item.data) };
  }

  private noticeIdle(): void {
    if (this.idleWaiters.length > 0 && this.queue.length + this.running.size === 0) {
      for (const waiter of this.idleWaiters.splice(0)) {
        waiter();
      }
    }
  }
}
