import { FailureKind, type Duration, type RemoteErrorMessage, type TaskFailureMessage } from "../wire.js";
import { Retryable } from "./context.js";
import type { Run } from "./run.js";

const mostText = 8 * 1024;
const mostCauses = 8;
const mostNames = 50;
const unreadable = "(could not be read)";

/** The failures a worker can answer with. */
export const Failures = {
  fromHandler(run: Run, thrown: unknown): TaskFailureMessage {
    const error = remoteError(thrown, 0);
    const failure = of(run, FailureKind.taskFailed, `task "${run.task}" threw ${error.type}: ${error.message}`);
    failure.error = error;
    if (isA(thrown, Retryable)) {
      failure.retryable = true;
      failure.retryAfter = retryAfter(thrown);
    }
    return failure;
  },

  resultNotWritable(run: Run, thrown: unknown): TaskFailureMessage {
    const error = remoteError(thrown, 0);
    return { ...of(run, FailureKind.taskFailed, `the result of task "${run.task}" could not be written: ${error.message}; return plain values, a Uint8Array, or a Payload`), error };
  },

  tooLarge(run: Run, what: string, size: number, limit: number): TaskFailureMessage {
    return of(run, FailureKind.taskFailed, `${what} of task "${run.task}" is ${size} bytes, more than the limit of ${limit} bytes (MaxMessageBytes of the pool's options)`);
  },

  unknownTask(run: Run, known: readonly string[]): TaskFailureMessage {
    const names = known.slice(0, mostNames).join(", ") + (known.length > mostNames ? ` and ${known.length - mostNames} more` : "");
    return neverStarted(run, FailureKind.unknownTask,
      `worker ${run.worker} has no task "${run.task}"; ${known.length === 0 ? "it has no tasks; call worker.task before worker.run" : `it knows ${names}`}`);
  },

  badInput(run: Run, message: string): TaskFailureMessage {
    return neverStarted(run, FailureKind.badInput, message);
  },

  stopped(run: Run, cause: "caller" | "time limit", started: boolean): TaskFailureMessage {
    const when = started ? "while it ran" : "before it started";
    const failure = cause === "caller"
      ? of(run, FailureKind.cancelled, `task "${run.task}" was cancelled ${when}`)
      : of(run, FailureKind.deadlineExceeded, `the time limit of task "${run.task}" passed ${when}`);
    return { ...failure, neverStarted: !started };
  },

  rejected(run: Run, why: string): TaskFailureMessage {
    return { ...neverStarted(run, FailureKind.rejected, `worker ${run.worker} ${why}`), retryAfter: duration(100) };
  },
};

/** For a call that stands alone: its failure travels in the trailers, where there is less room. */
export function shortened(failure: TaskFailureMessage): TaskFailureMessage {
  const shorten = (error: RemoteErrorMessage | null | undefined, depth: number): RemoteErrorMessage | null => error
    ? { type: cut(error.type, 256), message: cut(error.message, 512), stackTrace: cut(error.stackTrace, 1024), cause: depth < 2 ? shorten(error.cause, depth + 1) : null }
    : null;
  return { ...failure, message: cut(failure.message, 1024), error: shorten(failure.error, 0) };
}

function of(run: Run, kind: number, message: string): TaskFailureMessage {
  return { kind, message: cut(message, mostText), taskId: cut(run.id, 1024), task: cut(run.task, 1024), worker: run.worker };
}

function neverStarted(run: Run, kind: number, message: string): TaskFailureMessage {
  return { ...of(run, kind, message), neverStarted: true };
}

/** What it threw can be anything: an error whose getters throw fails its own task and nothing else. */
function remoteError(thrown: unknown, depth: number): RemoteErrorMessage {
  if (!isA(thrown, Error)) {
    return { type: thrown === null ? "null" : typeof thrown, message: read(() => thrown, mostText), stackTrace: "" };
  }
  return {
    type: read(() => thrown.name !== "Error" ? thrown.name : thrown.constructor?.name ?? "Error", 256),
    message: read(() => thrown.message, mostText),
    stackTrace: read(() => thrown.stack ?? "", mostText),
    cause: causeOf(thrown, depth),
  };
}

function retryAfter(thrown: Retryable): Duration | null {
  try {
    const { afterMs } = thrown;
    return typeof afterMs === "number" && Number.isFinite(afterMs) ? duration(Math.max(0, afterMs)) : null;
  } catch {
    return null;
  }
}

function causeOf(error: Error, depth: number): RemoteErrorMessage | null {
  try {
    const { cause } = error;
    return cause !== undefined && cause !== null && depth < mostCauses ? remoteError(cause, depth + 1) : null;
  } catch {
    return { type: unreadable, message: unreadable, stackTrace: "" };
  }
}

/** Says no of a proxy that does not say what it is. */
function isA<T>(thrown: unknown, type: abstract new (...args: never[]) => T): thrown is T {
  try {
    return thrown instanceof type;
  } catch {
    return false;
  }
}

function read(value: () => unknown, most: number): string {
  try {
    return cut(String(value()), most);
  } catch {
    return unreadable;
  }
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return remoteError(thrown, mostCauses).message;
}

function cut(value: string, most: number): string {
  return value.length <= most ? value : `${value.slice(0, most - 1)}…`;
}

function duration(milliseconds: number): Duration {
  return { seconds: Math.floor(milliseconds / 1000), nanos: Math.floor((milliseconds % 1000) * 1e6) };
}
