// What is to be sent: tasks that wait, those that a broken session has left, large ones on their way in pieces; and what was written in this session.
import { VersionMismatch } from "./errors.js";
import { FrameBuilder, type Outgoing } from "./frame.js";
import { PriorityQueue, Queue } from "./queue.js";
import type { Session } from "./session.js";
import type { Room, Task } from "./task.js";

// A host is told at the latest after so much what it need not keep any more; else with whatever goes there.
const framesUntold = 1024;
const bytesUntold = 1024 * 1024;

export class Outbox {
  readonly waiting = new PriorityQueue<Task>();
  /** Written in this session, and not ended. */
  inFlight = new Map<number, Task>();
  /** How many tasks the endpoint is ready to hold. */
  credit = 0;
  /** The endpoint takes nothing new. */
  draining = false;
  /** Frames with outcomes that were read in this session. */
  framesSeen = 0;
  /** Of results that were read and not yet told of. */
  bytesSeen = 0;
  /** Written before anything else, for an earlier session of the same host had them. */
  private readonly again = new Queue<Task>();
  /** Large ones go ahead in pieces, one after the other. */
  private readonly large = new Queue<Task>();
  private readonly cancels = new Set<Task>();
  private readonly grants = new Map<Task, Room>();
  private abandonedUploads: number[] = [];
  private framesTold = 0;
  private lastSequence = 0;
  private lastUpload = 0;

  constructor(private readonly address: string) {}

  /** Whatever is here. */
  all(): Task[] {
    return [...this.waiting.all(), ...this.inFlight.values(), ...this.large.all(), ...this.again.all()];
  }

  /** A session begins: with what an earlier one of its host has left there. */
  begin(credit: number, left: readonly Task[]): void {
    this.credit = Math.max(1, credit);
    this.draining = false;
    this.lastSequence = this.framesSeen = this.framesTold = this.bytesSeen = 0;
    for (const task of left) {
      task.carried = true;
      this.again.push(task);
    }
  }

  /** The session has ended: what it had, in order, and what had still to be written in it. */
  end(): { written: Task[]; unwritten: Task[] } {
    const written = [...this.inFlight.values()];
    const unwritten = [...this.again.takeAll(), ...this.large.takeAll()];
    this.inFlight = new Map();
    this.cancels.clear();
    this.grants.clear();
    this.abandonedUploads = [];
    for (const task of [...written, ...unwritten]) {
      task.sequence = 0;
      task.uploaded = 0;
    }
    return { written, unwritten };
  }

  /** Its caller knows already how it ended: at the endpoint, too, it is to end. */
  stop(task: Task): void {
    if (this.waiting.drop(task)) {
      return;
    }
    if (this.large.remove(task)) {
      if (task.uploaded > 0) {
        this.abandonedUploads.push(task.upload);
      }
      if (task.carried) {
        // It runs there, though it is not written again yet: its turn comes with its cancellation behind it.
        this.again.push(task);
      }
    } else if (this.inFlight.has(task.sequence)) {
      this.cancels.add(task);
    }
  }

  /** Room for more items of a stream. */
  grant(task: Task, items: number, bytes: number): void {
    const before = this.grants.get(task);
    this.grants.set(task, { items: items + (before?.items ?? 0), bytes: bytes + (before?.bytes ?? 0) });
  }

  /** Never started: they wait again, before all others. */
  takeBack(tasks: readonly Task[]): void {
    const wanted = tasks.filter((task) => !task.settled);
    for (const task of wanted) {
      task.sequence = 0;
      task.carried = false;
    }
    this.waiting.putBack(wanted);
  }

  /** It has ended in this session. Undefined: there is none of that sequence. */
  take(sequence: number): Task | undefined {
    const task = this.inFlight.get(sequence);
    if (task) {
      this.inFlight.delete(sequence);
      this.cancels.delete(task);
      task.sequence = 0;
    }
    return task;
  }

  /** The next frame; undefined: there is nothing to send. */
  next(session: Session): Outgoing | undefined {
    const now = performance.now();
    const frame = new FrameBuilder(session.maxFrameBytes, this.large.length > 0);
    for (const upload of this.abandonedUploads.splice(0)) {
      frame.abandon(upload);
    }
    this.addTasks(frame, session, now);
    while (this.large.length > 0) {
      const task = this.large.peek()!;
      if (!frame.addPieces(task, this.lastSequence + 1, now)) {
        break;
      }
      this.large.shift();
      this.write(task);
    }
    for (const task of this.cancels) {
      frame.cancel(task.sequence);
    }
    this.cancels.clear();
    for (const [task, room] of this.grants) {
      if (this.inFlight.has(task.sequence)) {
        frame.grant(task.sequence, room.items, room.bytes);
      }
    }
    this.grants.clear();
    this.tellWhatWasSeen(frame, session);
    return frame.isEmpty ? undefined : frame.frame;
  }

  private addTasks(frame: FrameBuilder, session: Session, now: number): void {
    const max = session.maxFrameBytes;
    while (this.again.length > 0 || (this.waiting.length > 0 && !this.draining && this.inFlight.size + this.large.length < this.credit)) {
      const queue = this.again.length > 0 ? this.again : this.waiting;
      const task = queue.peek()!;
      if (task.isStream && !session.capabilities.has("streams")) {
        queue.shift();
        task.fail(new VersionMismatch(
          `the host at ${this.address} cannot give the items of task ${task.name} one by one (it lacks the capability "streams"); call it with run()`, { neverStarted: true }));
      } else if (session.capabilities.has("chunks") && FrameBuilder.isLarge(task, max)) {
        queue.shift();
        task.upload = ++this.lastUpload;
        task.uploaded = 0;
        this.large.push(task);
      } else if (frame.fits(task)) {
        queue.shift();
        this.write(task);
        frame.add(task, task.sequence, now);
      } else {
        return;
      }
    }
  }

  private write(task: Task): void {
    task.sequence = ++this.lastSequence;
    this.inFlight.set(task.sequence, task);
    if (task.settled) {
      // Stopped while its host was away.
      this.cancels.add(task);
    }
  }

  private tellWhatWasSeen(frame: FrameBuilder, session: Session): void {
    const untold = this.framesSeen - this.framesTold;
    const overdue = untold >= framesUntold || this.bytesSeen >= bytesUntold;
    if (untold > 0 && (overdue || !frame.isEmpty) && session.capabilities.has("attach")) {
      frame.outcomesSeen(this.framesSeen);
      this.framesTold = this.framesSeen;
      this.bytesSeen = 0;
    }
  }
}
