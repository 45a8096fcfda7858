import { socketHint, type Address } from "./address.js";
import type { Dispatch } from "./dispatch.js";
import { HostRefused, HostUnavailable, VersionMismatch, WorkerHostError } from "./errors.js";
import { Session } from "./session.js";

const shortestDelayMs = 50;
const longestDelayMs = 5_000;

// To ask a socket of this machine costs nearly nothing.
const longestLocalDelayMs = 500;

/** So long a host may be away before what waits for it is told. */
export const defaultPatienceMs = 3_000;

/** Keeps one session open with a host: opens the next one when it breaks, for as long as the client is open. */
export class Connector {
  private session: Session | undefined;
  private closed = false;
  private timer: NodeJS.Timeout | undefined;
  private delayMs = shortestDelayMs;
  private awaySince: number | undefined;
  private adoptedAt = 0;
  private lastKey = 0;

  constructor(
    private readonly address: Address,
    private readonly pool: string,
    private readonly idPrefix: string,
    private readonly dispatch: Dispatch,
    /** Undefined: the default, and for as long as the host is on its way. */
    private readonly patienceMs: number | undefined,
    private readonly isComing: () => boolean,
  ) {
    dispatch.onEnded = (reason) => this.lost(reason);
  }

  get current(): Session | undefined {
    return this.session;
  }

  /** The first session. Rejects with the last failure when `waitMs` have passed; where that is undefined, `otherwiseMs`, and not while the host is on its way. */
  async connect(waitMs: number | undefined, otherwiseMs: number): Promise<void> {
    let until = performance.now() + (waitMs ?? otherwiseMs);
    for (;;) {
      if (waitMs === undefined && this.isComing()) {
        until = performance.now() + otherwiseMs;
      }
      try {
        this.adopt(await Session.open(this.address, this.pool, this.idPrefix, this.lastKey));
        return;
      } catch (e) {
        if (!(e instanceof HostUnavailable) || performance.now() >= until) {
          throw e instanceof HostUnavailable ? new HostUnavailable(e.message + socketHint(this.address), { cause: e }) : e;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, Math.max(1, Math.min(this.nextDelay(), until - performance.now()))));
    }
  }

  /** What is in flight ends; the host then ends the session. */
  close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    const session = this.session;
    if (!session) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const impatience = setTimeout(() => session.abort(), 1000);
      this.dispatch.onEnded = () => {
        clearTimeout(impatience);
        resolve();
      };
      session.halfClose();
    });
  }

  private adopt(session: Session): void {
    if (this.closed) {
      session.abort();
      return;
    }
    this.session = session;
    this.lastKey = session.key;
    this.adoptedAt = performance.now();
    this.dispatch.opened(session);
  }

  private lost(reason: string): void {
    this.session = undefined;
    if (this.closed) {
      return;
    }
    // One that ends before anything was run is a try that failed.
    if (this.dispatch.hasBeenUseful || performance.now() - this.adoptedAt > defaultPatienceMs) {
      this.delayMs = shortestDelayMs;
      this.awaySince = undefined;
    }
    this.awaySince ??= performance.now();
    this.tryAgain(new HostUnavailable(`the session with the host at ${this.address.text} has ended (${reason})`), this.nextDelay() / 2);
  }

  private tryAgain(last: WorkerHostError, delayMs: number): void {
    if (this.patienceMs === undefined && this.isComing()) {
      this.awaySince = performance.now();
    }
    if (performance.now() - this.awaySince! >= (this.patienceMs ?? defaultPatienceMs) || last instanceof VersionMismatch || last instanceof HostRefused) {
      this.dispatch.hopeless(last);
    }
    this.timer = setTimeout(() => void this.reopen(), delayMs);
  }

  private async reopen(): Promise<void> {
    try {
      this.adopt(await Session.open(this.address, this.pool, this.idPrefix, this.lastKey));
    } catch (e) {
      if (!this.closed) {
        this.tryAgain(e as WorkerHostError, this.nextDelay());
      }
    }
  }

  private nextDelay(): number {
    const delay = this.delayMs * (0.5 + Math.random() / 2);
    this.delayMs = Math.min(this.delayMs * 2, this.address.isLocal ? longestLocalDelayMs : longestDelayMs);
    return delay;
  }
}
