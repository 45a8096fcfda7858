import type { TaskReport } from "./task.js";

// So many bytes of items may be ahead of the loop that takes them.
export const bytesAhead = 1024 * 1024;

interface Item {
  value: unknown;
  bytes: number;
}

/**
 * The items of a running task, in order, once: `for await (const item of client.stream("rows", [path]))`. Who takes slowly slows the handler
 * down. Leaving the loop stops the task. A failure comes after the items before it.
 */
export class TaskStream<T = unknown> implements AsyncIterableIterator<T> {
  /** The newest report of the task's progress; undefined: none yet. */
  progress: TaskReport | undefined;
  private readonly items: Item[] = [];
  private readonly takers: { resolve(result: IteratorResult<T>): void; reject(error: unknown): void }[] = [];
  private end: { error?: unknown } | undefined;
  private takenItems = 0;
  private takenBytes = 0;

  /** Made by Client.stream. */
  constructor(
    private readonly buffer: number,
    private readonly grant: (items: number, bytes: number) => void,
    private readonly stop: () => void,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    const item = this.items.shift();
    if (item) {
      this.taken(item.bytes);
      return Promise.resolve({ value: item.value as T, done: false });
    }
    if (this.end) {
      const end = this.end;
      this.end = {};
      return "error" in end ? Promise.reject(end.error) : Promise.resolve({ value: undefined, done: true });
    }
    return new Promise((resolve, reject) => this.takers.push({ resolve, reject }));
  }

  /** Stops the task; what a loop does that is left. */
  return(): Promise<IteratorResult<T>> {
    this.items.length = 0;
    this.ended({});
    this.end = {};
    this.stop();
    return Promise.resolve({ value: undefined, done: true });
  }

  /** For the client. */
  push(value: unknown, bytes: number): void {
    const taker = this.takers.shift();
    if (taker) {
      this.taken(bytes);
      taker.resolve({ value: value as T, done: false });
    } else if (!this.end) {
      this.items.push({ value, bytes });
    }
  }

  /** For the client: it has ended, with an error where there is one. */
  ended(end: { error?: unknown }): void {
    if (this.end) {
      return;
    }
    this.end = end;
    for (const [i, taker] of this.takers.splice(0).entries()) {
      if (i === 0 && "error" in end) {
        this.end = {};
        taker.reject(end.error);
      } else {
        taker.resolve({ value: undefined, done: true });
      }
    }
  }

  // Told when half of the room is free again: not a frame for each item.
  private taken(bytes: number): void {
    this.takenItems++;
    this.takenBytes += bytes;
    if (!this.end && (this.takenItems * 2 >= this.buffer || this.takenBytes * 2 >= bytesAhead)) {
      this.grant(this.takenItems, this.takenBytes);
      this.takenItems = this.takenBytes = 0;
    }
  }
}
