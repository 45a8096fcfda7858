import type { Encoded } from "../payload.js";

const mostMessage = 512;

// Whatever room the reader gives: what is not sent yet stays below a frame and one item.
const mostUnsentBytes = 256 * 1024;
const mostUnsentItems = 4096;

export interface Report {
  fraction: number;
  message: string;
}

/** What a running task says before its end: its items in order, as many as the reader has room for, and of its reports the newest. */
export class Output {
  private readonly items: Encoded[] = [];
  private head = 0;
  private newest: Report | undefined;
  private unsentBytes = 0;
  private waiting: (() => void) | undefined;
  private closed = false;

  constructor(
    readonly takesItems: boolean,
    private itemRoom: number,
    private byteRoom: number,
    /** There is something to take. */
    private readonly ready: () => void,
  ) {}

  get hasNews(): boolean {
    return this.newest !== undefined || this.head < this.items.length;
  }

  get hasRoom(): boolean {
    return this.itemRoom > 0 && this.byteRoom > 0 && this.unsentBytes < mostUnsentBytes && this.items.length - this.head < mostUnsentItems;
  }

  grant(items: number, bytes: number): void {
    this.itemRoom += items;
    this.byteRoom += bytes;
    this.wakeIfRoom();
  }

  /** Ends when there may be room, or when the task is to stop. */
  whenRoom(): Promise<void> {
    return new Promise((resolve) => this.waiting = resolve);
  }

  add(item: Encoded): void {
    this.items.push(item);
    this.itemRoom--;
    this.byteRoom -= item.data.length;
    this.unsentBytes += item.data.length;
    this.ready();
  }

  report(fraction?: number, message?: string): void {
    if (!this.closed) {
      const known = typeof fraction === "number" && !Number.isNaN(fraction);
      const text = message === undefined ? "" : String(message);
      this.newest = { fraction: known ? Math.min(1, Math.max(0, fraction)) : Number.NaN, message: text.length > mostMessage ? `${text.slice(0, mostMessage - 1)}…` : text };
      this.ready();
    }
  }

  takeReport(): Report | undefined {
    const report = this.newest;
    this.newest = undefined;
    return report;
  }

  peekItem(): Encoded | undefined {
    return this.items[this.head];
  }

  takeItem(): void {
    this.unsentBytes -= this.items[this.head].data.length;
    (this.items as (Encoded | undefined)[])[this.head++] = undefined;
    if (this.head === this.items.length) {
      this.items.length = 0;
      this.head = 0;
    }
    this.wakeIfRoom();
  }

  wake(): void {
    const waiting = this.waiting;
    this.waiting = undefined;
    waiting?.();
  }

  /** The task has ended: nothing more is said. */
  close(): void {
    this.closed = true;
    this.wake();
  }

  private wakeIfRoom(): void {
    if (this.waiting && this.hasRoom) {
      this.wake();
    }
  }
}
