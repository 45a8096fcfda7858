import type { Encoded } from "../payload.js";
import type { Long64, TaskFailureMessage } from "../wire.js";
import type { TaskContext, TaskEntry } from "./context.js";
import type { Output } from "./output.js";

/** How a run ended. */
export interface RunEnd {
  result?: Encoded;
  failure?: TaskFailureMessage;
  recalled?: boolean;
  /** How long the handler ran, in microseconds. */
  serviceUs?: number;
}

export interface RunRequestFacts {
  readonly id: string;
  readonly task: string;
  readonly attempt: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly data: Uint8Array;
  /** By performance.now(); 0: none. */
  readonly deadline: number;
  /** {0, 0}: it came by itself. */
  readonly session: Long64;
  readonly sequence: number;
  readonly track: number;
}

/** One attempt of a task in this worker, from its arrival to its outcome. */
export class Run {
  state: "waiting" | "running" | "ended" = "waiting";
  lane = -1;
  startedAt = 0;
  stopCause: "caller" | "time limit" | undefined;
  timer: NodeJS.Timeout | undefined;
  private stopping: AbortController | undefined;

  constructor(
    readonly facts: RunRequestFacts,
    readonly worker: string,
    readonly entry: TaskEntry | undefined,
    /** What it says before its end; undefined: nobody listens. */
    readonly output: Output | undefined,
    private readonly whenStarted: (run: Run) => void,
    private readonly whenEnded: (run: Run, end: RunEnd) => void,
  ) {}

  get id(): string {
    return this.facts.id;
  }

  get task(): string {
    return this.facts.task;
  }

  get bytes(): number {
    return this.facts.data.length + 512;
  }

  context(): TaskContext {
    const run = this;
    return {
      id: this.id,
      task: this.task,
      attempt: this.facts.attempt,
      headers: this.facts.headers,
      worker: this.worker,
      // Made when somebody asks: most handlers don't.
      get signal() {
        return run.abortController.signal;
      },
      get deadline() {
        return run.facts.deadline === 0 ? undefined : new Date(Date.now() + (run.facts.deadline - performance.now()));
      },
      report: (fraction, message) => this.output?.report(fraction, message),
    };
  }

  /** It is to stop, and runs: its handler is told. */
  stop(cause: "caller" | "time limit"): void {
    if (this.stopCause === undefined) {
      this.stopCause = cause;
      this.stopping?.abort(this.stopReason);
      this.output?.wake();
    }
  }

  get stopReason(): Error {
    return new DOMException(
      this.stopCause === "time limit" ? `the time limit of task "${this.task}" has passed` : `task "${this.task}" was cancelled`,
      this.stopCause === "time limit" ? "TimeoutError" : "AbortError");
  }

  started(): void {
    this.state = "running";
    this.startedAt = performance.now();
    this.whenStarted(this);
  }

  end(end: RunEnd): void {
    if (this.state !== "ended") {
      this.state = "ended";
      clearTimeout(this.timer);
      this.whenEnded(this, end);
    }
  }

  private get abortController(): AbortController {
    if (this.stopping === undefined) {
      this.stopping = new AbortController();
      if (this.stopCause !== undefined) {
        this.stopping.abort(this.stopReason);
      }
    }
    return this.stopping;
  }
}
