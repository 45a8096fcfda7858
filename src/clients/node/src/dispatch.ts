// Tasks between their callers and the session: how they end, and what becomes of them when the session breaks.
import { WorkerHostError, WorkerLost, errorOf } from "./errors.js";
import { Incoming } from "./incoming.js";
import { Outbox } from "./outbox.js";
import type { Session } from "./session.js";
import type { Task } from "./task.js";
import { FailureKind, toNumber, type SessionResponse, type TaskOutcome, type TaskProgress } from "./wire.js";

const defaultAttempts = 3;
const longestKeptMs = 86_400_000;

/** What a broken session has left at its host: still running there, or ended with an outcome that is kept. */
interface Limbo {
  tasks: Task[];
  instance: string;
  /** By performance.now(). */
  until: number;
  timer: NodeJS.Timeout;
  reason: string;
}

export class Dispatch {
  /** Called once the session has ended and everything it had is where it belongs. */
  onEnded: (reason: string) => void = () => undefined;
  private readonly outbox: Outbox;
  private incoming = new Incoming(0);
  private session: Session | undefined;
  private limbo: Limbo | undefined;
  private carriedUntil = 0;
  private unreachable: WorkerHostError | undefined;
  private breakReason: string | undefined;
  private unsettled = 0;
  private idleWaiters: (() => void)[] = [];

  constructor(private readonly address: string) {
    this.outbox = new Outbox(address);
  }

  /** Tasks that are not with the endpoint yet. */
  get queued(): number {
    return this.outbox.waiting.length;
  }

  /** Nobody waits for anything. */
  get isIdle(): boolean {
    return this.unsettled === 0;
  }

  /** The session has told how a task ended. */
  get hasBeenUseful(): boolean {
    return this.outbox.framesSeen > 0;
  }

  idle(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  submit(task: Task): void {
    if (this.unreachable) {
      task.fail(unreachableFor(task, this.unreachable));
      return;
    }
    this.unsettled++;
    task.whenSettled = this.oneSettled;
    this.outbox.waiting.push(task);
    this.session?.wake();
  }

  /** Its caller knows already how it ended: at the endpoint, too, it is to end. */
  stop(task: Task): void {
    this.outbox.stop(task);
    this.session?.wake();
  }

  grant(task: Task, items: number, bytes: number): void {
    this.outbox.grant(task, items, bytes);
    this.session?.wake();
  }

  /** The client is closed over what still waits or runs. */
  stopAll(error: () => WorkerHostError): void {
    for (const task of [...this.outbox.all(), ...(this.limbo?.tasks ?? [])]) {
      task.fail(error());
      this.stop(task);
    }
    this.endLimbo("the client was closed");
  }

  opened(session: Session): void {
    const { hello } = session;
    const limbo = this.limbo;
    this.session = session;
    this.incoming = new Incoming(session.maxMessageBytes);
    this.unreachable = undefined;
    if (limbo && hello.hostInstance === limbo.instance && session.capabilities.has("attach")) {
      this.limbo = undefined;
      clearTimeout(limbo.timer);
      this.carriedUntil = limbo.until;
      this.outbox.begin(hello.credit, limbo.tasks);
    } else {
      this.outbox.begin(hello.credit, []);
      this.endLimbo(`the host was restarted: it is instance ${hello.hostInstance} now, and was ${limbo?.instance}`);
    }
    session.start({
      next: () => this.outbox.next(session),
      received: (frame) => this.received(frame),
      ended: (reason, inOrder) => this.ended(session, reason, inOrder),
    });
  }

  /** The host could not be reached for long, or refuses: what waits and what comes is told so, until it is there again. */
  hopeless(error: WorkerHostError): void {
    this.unreachable = error;
    for (const task of this.outbox.waiting.takeAll()) {
      task.fail(unreachableFor(task, error));
    }
  }

  private received(frame: SessionResponse): void {
    if (frame.credit > 0) {
      this.outbox.credit = frame.credit;
    }
    if (frame.draining) {
      this.outbox.draining = true;
    }
    try {
      for (const progress of frame.progress) {
        this.progress(progress);
      }
      for (const piece of frame.chunks) {
        this.incoming.piece(piece, this.outbox.inFlight.has(toNumber(piece.sequence)));
        this.outbox.bytesSeen += piece.data.length;
      }
      const unstarted: Task[] = [];
      for (const outcome of frame.outcomes) {
        this.outcome(outcome, unstarted);
      }
      this.outbox.takeBack(unstarted);
    } catch (e) {
      // Its tasks are judged like those of any broken session, and none of them waits for ever.
      this.breakReason = `what the host sent cannot be understood: ${(e as Error).message}`;
      this.session?.abort();
      return;
    }
    if (frame.outcomes.length > 0) {
      this.outbox.framesSeen++;
    }
    this.session?.wake();
  }

  private progress(said: TaskProgress): void {
    const task = this.outbox.inFlight.get(toNumber(said.sequence));
    if (!task) {
      return;
    }
    if (!said.isItem) {
      task.report(said.fraction, said.message);
      return;
    }
    const item = this.incoming.item(said);
    if (item) {
      task.item(said.contentType, item);
    }
  }

  private outcome(outcome: TaskOutcome, unstarted: Task[]): void {
    const sequence = toNumber(outcome.sequence);
    if (!this.outbox.inFlight.has(sequence)) {
      return;
    }
    this.outbox.bytesSeen += outcome.data.length;
    const data = this.incoming.result(outcome);
    const task = this.outbox.take(sequence)!;
    if (outcome.recalled) {
      unstarted.push(task);
    } else if (outcome.failure) {
      this.failed(task, outcome.failure.kind, errorOf(outcome.failure), unstarted);
    } else if (data === undefined) {
      task.fail(new WorkerHostError(`the result of task ${task.name} came without its beginning`));
    } else {
      task.succeed(outcome.contentType, data);
    }
  }

  private failed(task: Task, kind: number, error: WorkerHostError, unstarted: Task[]): void {
    if (kind === FailureKind.rejected && this.outbox.draining && error.neverStarted && !task.isStream) {
      // It goes to the host that takes this one's place.
      unstarted.push(task);
    } else if (kind === FailureKind.cancelled && !task.settled && !task.isStream && (task.carried || task.attempt > 1)) {
      // Nobody here has cancelled it: the host gave it up, because by its clock nobody came back for it in time.
      if (error.neverStarted || this.goesAgain(task, `the host at ${this.address} stopped it, because its connection had broken and nobody had come back for it in time`)) {
        unstarted.push(task);
      }
    } else {
      task.fail(error);
    }
  }

  /** It was lost, and may have run. True: it has another attempt; else its caller has been told. */
  private goesAgain(task: Task, why: string): boolean {
    const { idempotent, maxAttempts = defaultAttempts, id } = task.options;
    if (idempotent && !task.isStream && task.attempt < maxAttempts) {
      task.attempt++;
      return true;
    }
    const remedy = task.isStream ? "" : idempotent ? `; it has had ${task.attempt} attempts (option maxAttempts)` : "; it is not tried again because its option idempotent is false";
    task.fail(new WorkerLost(`task ${task.name} was lost with its host: ${why}. It may have run${remedy}`, { task: task.name, taskId: id }));
    return false;
  }

  private ended(session: Session, said: string, inOrder: boolean): void {
    const reason = this.breakReason ?? said;
    const whole = inOrder && this.breakReason === undefined;
    this.breakReason = undefined;
    this.session = undefined;
    const { written, unwritten } = this.outbox.end();
    // In good order: what it has not answered it has not read.
    const isUnread = (task: Task) => !task.carried && whole && !task.hasYielded;
    const kept = session.capabilities.has("attach");
    const again = [...written.filter(isUnread), ...unwritten.filter((task) => !task.carried)];
    const left: Task[] = [];
    for (const task of [...written.filter((one) => !isUnread(one)), ...unwritten.filter((one) => one.carried)]) {
      if (kept && !task.isStream) {
        left.push(task);
      } else if (this.goesAgain(task, `the session at ${this.address} has ended (${reason})`)) {
        again.push(task);
      }
    }
    this.outbox.takeBack(again);
    if (left.length > 0) {
      this.beginLimbo(left, session, reason, unwritten.some((task) => task.carried));
    }
    this.onEnded(reason);
  }

  private beginLimbo(tasks: Task[], session: Session, reason: string, hadUnwritten: boolean): void {
    const keptFor = Math.min(toNumber(session.hello.abandonedAfterMs), longestKeptMs);
    const now = performance.now();
    // Of what was not even written again the host counts from the break before this one.
    const until = hadUnwritten ? Math.min(now + keptFor, this.carriedUntil) : now + keptFor;
    this.limbo = {
      tasks,
      instance: session.hello.hostInstance,
      until,
      reason,
      timer: setTimeout(() => this.endLimbo(`it could not be reached again within the ${keptFor / 1000} s for which it keeps tasks`), Math.max(0, until - now)),
    };
  }

  private endLimbo(why: string): void {
    const limbo = this.limbo;
    if (!limbo) {
      return;
    }
    this.limbo = undefined;
    clearTimeout(limbo.timer);
    this.outbox.takeBack(limbo.tasks.filter((task) => this.goesAgain(task, `the session at ${this.address} has ended (${limbo.reason}), and ${why}`)));
    if (this.unreachable) {
      this.hopeless(this.unreachable);
    }
    this.session?.wake();
  }

  // One function for all tasks.
  private readonly oneSettled = (): void => {
    if (--this.unsettled === 0) {
      for (const waiter of this.idleWaiters.splice(0)) {
        waiter();
      }
    }
  };
}

function unreachableFor(task: Task, error: WorkerHostError): WorkerHostError {
  const Kind = error.constructor as typeof WorkerHostError;
  return new Kind(error.message, { task: task.name, taskId: task.options.id, neverStarted: task.attempt === 1, cause: error });
}
