/** What a handler can ask and say. */
export interface TaskContext {
  /** Chosen by the caller, or made up by the client. */
  readonly id: string;
  readonly task: string;
  /** Which try this is, from 1. */
  readonly attempt: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted when the task is to stop: its caller has given it up, or its time limit has passed. A handler that does not heed it for long is killed with its process. */
  readonly signal: AbortSignal;
  /** When the time limit passes, by this process's clock; undefined: there is none. */
  readonly deadline: Date | undefined;
  /** "pool/slot#incarnation". */
  readonly worker: string;
  /** Says how far the task is: from 0 to 1 (undefined: unknown), and a word about it. Never waits; of reports that come faster than they are carried the newest is. */
  report(fraction?: number, message?: string): void;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Handler = (context: TaskContext, ...args: any[]) => unknown;

export interface HandlerOptions {
  /** What it is called with: arguments (JSON, the default), one Buffer ("bytes"), or one protobuf message ("protobuf": a Buffer, or what `decode` makes of it). */
  input?: "json" | "bytes" | "protobuf";
  decode?: (bytes: Uint8Array) => unknown;
  /** How many arguments it takes, or how few and how many at most; another number is refused (BadInput) before the handler runs. Default: any, as JavaScript has it. */
  arguments?: number | readonly [least: number, most: number];
  /** It yields items. Known by itself of generator functions; needed where the handler returns an iterator of another kind. */
  yields?: boolean;
}

/** Thrown by a handler: the failure is worth another try. */
export class Retryable extends Error {
  readonly afterMs: number | undefined;

  constructor(message: string, options: { afterMs?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Retryable";
    this.afterMs = options.afterMs;
  }
}

/** A registered task. */
export interface TaskEntry {
  readonly name: string;
  readonly handler: Handler;
  readonly contentType: string;
  readonly decode: ((bytes: Uint8Array) => unknown) | undefined;
  readonly yields: boolean;
  readonly leastArguments: number;
  readonly mostArguments: number;
}
