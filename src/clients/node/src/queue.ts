/** First in, first out, in constant time; what is taken back from a session goes to the front. */
export class Queue<T> {
  private items: (T | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: T): void {
    this.items.push(item);
  }

  peek(): T | undefined {
    return this.items[this.head];
  }

  shift(): T | undefined {
    if (this.head === this.items.length) {
      return undefined;
    }
    const item = this.items[this.head];
    this.items[this.head++] = undefined;
    if (this.head > 1024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  /** In this order, before all others. */
  putBack(items: readonly T[]): void {
    if (items.length > 0) {
      this.items = [...items, ...this.items.slice(this.head)];
      this.head = 0;
    }
  }

  remove(item: T): boolean {
    const at = this.items.indexOf(item, this.head);
    if (at < 0) {
      return false;
    }
    this.items.splice(at, 1);
    return true;
  }

  all(): T[] {
    return this.items.slice(this.head) as T[];
  }

  takeAll(): T[] {
    const all = this.all();
    this.items = [];
    this.head = 0;
    return all;
  }
}

const priorities = 5;

/** What can wait in line. */
export interface Waiting {
  readonly options: { readonly priority?: number };
  /** It stands in the line; the line's own. */
  waits: boolean;
}

/** Higher priorities first (2 to -2), each in order. Who leaves the line is skipped when its turn comes. */
export class PriorityQueue<T extends Waiting> {
  private queues = Array.from({ length: priorities }, () => new Queue<T>());
  private standing = 0;
  private dropped = 0;

  get length(): number {
    return this.standing;
  }

  push(item: T): void {
    item.waits = true;
    this.queueOf(item).push(item);
    this.standing++;
  }

  peek(): T | undefined {
    for (const queue of this.queues) {
      for (let first = queue.peek(); first; first = queue.peek()) {
        if (first.waits) {
          return first;
        }
        queue.shift();
        this.dropped--;
      }
    }
    return undefined;
  }

  shift(): T | undefined {
    const first = this.peek();
    if (first) {
      this.queueOf(first).shift();
      first.waits = false;
      this.standing--;
    }
    return first;
  }

  /** In this order, before all others of their priority. */
  putBack(items: readonly T[]): void {
    for (const item of items) {
      item.waits = true;
    }
    for (const queue of this.queues) {
      queue.putBack(items.filter((item) => this.queueOf(item) === queue));
    }
    this.standing += items.length;
  }

  /** False: it does not stand here. */
  drop(item: T): boolean {
    if (!item.waits) {
      return false;
    }
    item.waits = false;
    this.standing--;
    this.dropped++;
    if (this.dropped > 1024 && this.dropped > this.standing) {
      // Payloads that nobody wants are not to fill the memory.
      for (const queue of this.queues) {
        queue.putBack(queue.takeAll().filter((kept) => kept.waits));
      }
      this.dropped = 0;
    }
    return true;
  }

  all(): T[] {
    return this.queues.flatMap((queue) => queue.all()).filter((item) => item.waits);
  }

  takeAll(): T[] {
    const all = this.all();
    for (const item of all) {
      item.waits = false;
    }
    for (const queue of this.queues) {
      queue.takeAll();
    }
    this.standing = this.dropped = 0;
    return all;
  }

  private queueOf(item: T): Queue<T> {
    return this.queues[2 - (item.options.priority ?? 0)];
  }
}
