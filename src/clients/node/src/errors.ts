import { FailureKind, toNumber, type DeathReportMessage, type Duration, type RemoteErrorMessage, type TaskFailureMessage } from "./wire.js";

const deathCauses = [
  "unknown", "crash", "exit", "out of memory", "hang", "boot timeout", "boot failure", "recycle", "ordered", "killed", "stop", "limit",
] as const;

/** How one worker process ended, as its supervisor saw it. */
export interface DeathReport {
  /** "pool/slot#incarnation". */
  readonly worker: string;
  readonly pid: number;
  readonly cause: (typeof deathCauses)[number];
  /** Of a process that ended by itself; -1: it never started. Meaningless where there is a signal. */
  readonly exitCode: number;
  /** "SIGKILL", "SIGSEGV" …; undefined: it ended by exit. */
  readonly signal: string | undefined;
  /** Why the supervisor or the system ended it. */
  readonly reason: string;
  readonly uptimeMs: number;
  readonly runningTasks: readonly string[];
  /** The last lines it wrote to stderr. */
  readonly lastOutput: readonly string[];
  /** 0: unknown. */
  readonly peakMemoryBytes: number;
  /** What the supervisor does next. */
  readonly next: string;
  toString(): string;
}

/** What the handler threw, in the words of its own language. */
export interface RemoteError {
  readonly type: string;
  readonly message: string;
  /** As its language prints it; empty: there is none. */
  readonly stack: string;
  readonly cause: RemoteError | undefined;
}

/** What is known of a failed task beside its message. */
export interface FailureFacts {
  readonly taskId?: string;
  readonly task?: string;
  /** The worker that answered, as "pool/slot#incarnation". */
  readonly worker?: string;
  /** Deaths of the workers that ran this task, oldest first. */
  readonly deaths?: readonly DeathReport[];
  /** It is proven that no handler ran. */
  readonly neverStarted?: boolean;
  /** It is proven that the handler returned; only its result was lost. */
  readonly ranToCompletion?: boolean;
  /** How long to wait before another try; undefined: nobody says. */
  readonly retryAfterMs?: number;
  readonly remote?: RemoteError;
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** Every error of this package but the caller's own abort. */
export class WorkerHostError extends Error {
  readonly taskId: string | undefined;
  readonly task: string | undefined;
  readonly worker: string | undefined;
  readonly deaths: readonly DeathReport[];
  readonly neverStarted: boolean;
  readonly ranToCompletion: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, facts: FailureFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = new.target.name;
    this.taskId = facts.taskId;
    this.task = facts.task;
    this.worker = facts.worker;
    this.deaths = facts.deaths ?? [];
    this.neverStarted = facts.neverStarted ?? false;
    this.ranToCompletion = facts.ranToCompletion ?? false;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** The handler threw. */
export class TaskFailed extends WorkerHostError {
  /** What it threw; undefined where its result could not be written. */
  readonly remote: RemoteError | undefined;
  /** The handler marked the failure as worth another try, and the attempts are used up. */
  readonly retryable: boolean;

  constructor(message: string, facts: FailureFacts = {}) {
    super(message, facts);
    this.remote = facts.remote;
    this.retryable = facts.retryable ?? false;
  }
}

/** No handler of that name is registered. */
export class UnknownTask extends WorkerHostError {}

/** The arguments or an option cannot be used. Nothing ran. */
export class BadInput extends WorkerHostError {}

/** Cancelled by somebody else than this caller, whose own abort rejects with the reason of its signal. */
export class TaskCancelled extends WorkerHostError {}

/** The time limit passed. */
export class TaskTimeout extends WorkerHostError {}

/** Refused and never started: the queue is full, the time limit cannot be met, or the client is closing. */
export class Rejected extends WorkerHostError {}

/** The host has no worker for it; `deaths` says why. Never started. */
export class NoWorkers extends WorkerHostError {}

/** The worker, or the host with it, was lost while the task may have run. */
export class WorkerLost extends WorkerHostError {}

/** The task has killed several workers and is not tried again. */
export class Quarantined extends WorkerHostError {}

/** No host answers at the address. */
export class HostUnavailable extends WorkerHostError {}

/** The host does not take this client: it shows no token or the wrong one, or asks for a pool that is not there. */
export class HostRefused extends WorkerHostError {}

/** The client and the host have no protocol version, or no needed capability, in common. */
export class VersionMismatch extends WorkerHostError {}

export function milliseconds(duration: Duration | null | undefined): number | undefined {
  return duration ? toNumber(duration.seconds) * 1000 + duration.nanos / 1e6 : undefined;
}

export function deathReport(message: DeathReportMessage): DeathReport {
  const worker = `${message.pool}/${message.slot}#${toNumber(message.incarnation)}`;
  const signal = message.signal || undefined;
  const cause = deathCauses[message.cause] ?? "unknown";
  const uptimeMs = milliseconds(message.uptime) ?? 0;
  return {
    worker,
    pid: message.pid,
    cause,
    exitCode: message.exitCode,
    signal,
    reason: message.reason,
    uptimeMs,
    runningTasks: [...message.runningTasks],
    lastOutput: [...message.lastOutput],
    peakMemoryBytes: toNumber(message.peakMemoryBytes),
    next: message.next,
    toString: () => [
      `worker ${worker} (pid ${message.pid}) ended after ${(uptimeMs / 1000).toFixed(1)} s by ${signal ?? `exit code ${message.exitCode}`} (${cause})`,
      message.reason && `: ${message.reason}`,
      message.next && `; ${message.next}`,
      ...message.lastOutput.map((line) => `\n  ${line}`),
    ].join(""),
  };
}

function remoteError(message: RemoteErrorMessage | null | undefined): RemoteError | undefined {
  return message
    ? { type: message.type, message: message.message, stack: message.stackTrace, cause: remoteError(message.cause) }
    : undefined;
}

/** The error of a failure from the wire. */
export function errorOf(failure: TaskFailureMessage): WorkerHostError {
  const remote = remoteError(failure.error);
  const facts: FailureFacts = {
    taskId: failure.taskId || undefined,
    task: failure.task || undefined,
    worker: failure.worker || undefined,
    deaths: (failure.deaths ?? []).map(deathReport),
    neverStarted: failure.neverStarted,
    ranToCompletion: failure.ranToCompletion,
    retryAfterMs: milliseconds(failure.retryAfter),
    retryable: failure.retryable,
    remote,
  };
  switch (failure.kind) {
    case FailureKind.taskFailed:
      return withRemoteStack(new TaskFailed(failure.message, facts), remote);
    case FailureKind.unknownTask:
      return new UnknownTask(failure.message, facts);
    case FailureKind.badInput:
      return new BadInput(failure.message, facts);
    case FailureKind.cancelled:
      return new TaskCancelled(failure.message, facts);
    case FailureKind.deadlineExceeded:
      return new TaskTimeout(failure.message, facts);
    case FailureKind.rejected:
      return new Rejected(failure.message, facts);
    case FailureKind.noWorkers:
      return new NoWorkers(failure.message, facts);
    case FailureKind.workerLost:
      return new WorkerLost(failure.message, facts);
    case FailureKind.quarantined:
      return new Quarantined(failure.message, facts);
    default:
      // A kind of a later version.
      return new WorkerHostError(failure.message || `the task failed in a way (${failure.kind}) that this version does not know`, facts);
  }
}

/** Printed, such an error shows where the handler threw before where the caller waited. */
function withRemoteStack(error: WorkerHostError, remote: RemoteError | undefined): WorkerHostError {
  if (remote?.stack) {
    error.stack = `${error.stack}\n  in the worker:\n${remote.stack.replace(/^/gm, "    ")}`;
  }
  return error;
}
