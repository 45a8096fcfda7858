// Many tasks over one stream, in batches both ways.
import * as grpc from "@grpc/grpc-js";
import { Limits, PartialPayload, Protocol, toNumber, type ClientHello, type Long64, type SessionRequest, type SessionResponse, type TaskSubmission } from "../wire.js";
import { status, type Endpoint } from "./endpoint.js";
import { FrameBuilder } from "./frames.js";
import { Output } from "./output.js";
import { Run, type RunEnd } from "./run.js";

type Call = grpc.ServerDuplexStream<Partial<SessionRequest>, Partial<SessionResponse>>;

export class TaskSession {
  private readonly runs = new Map<number, Run>();
  private readonly uploads = new Map<number, PartialPayload>();
  private hello: ClientHello | undefined;
  private key: Long64 = { low: 0, high: 0 };
  private track = -1;
  private frames!: FrameBuilder;
  private lastSequence = 0;
  private writing = false;
  private scheduled = false;
  private halfClosed = false;
  private ended = false;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly call: Call,
    private readonly whenEnded: (session: TaskSession) => void,
  ) {
    call.on("data", (frame: SessionRequest) => this.received(frame));
    call.on("end", () => {
      this.halfClosed = true;
      this.wake();
    });
    call.on("cancelled", () => this.abandon());
    call.on("error", () => this.abandon());
  }

  /** Gives back what has not begun; the session ends when the rest is done. */
  drain(): void {
    if (!this.hello) {
      this.refuse(status(grpc.status.UNAVAILABLE, `worker ${this.endpoint.worker} is leaving and takes no new session`));
      return;
    }
    this.frames.draining();
    for (const run of [...this.runs.values()]) {
      if (this.endpoint.lanes.remove(run)) {
        run.end({ recalled: true });
      }
    }
    this.wake();
  }

  private received(frame: SessionRequest): void {
    if (this.ended) {
      return;
    }
    try {
      if (!this.hello) {
        this.greet(frame);
      } else {
        this.take(frame);
      }
    } catch (e) {
      this.refuse(status(grpc.status.INVALID_ARGUMENT, `protocol error: ${(e as Error).message}`));
    }
  }

  private greet(frame: SessionRequest): void {
    const { hello } = frame;
    if (!hello) {
      throw new Error("the first frame of a session must be its hello");
    }
    const { endpoint } = this;
    const { worker, launch } = endpoint;
    const missing = hello.requiredCapabilities.filter((capability) => !endpoint.capabilities.includes(capability));
    if (hello.minProtocol > Protocol.max || hello.maxProtocol < Protocol.min) {
      this.refuse(status(grpc.status.FAILED_PRECONDITION,
        `no common protocol version: the client speaks ${hello.minProtocol} to ${hello.maxProtocol}, worker ${worker} speaks ${Protocol.min} to ${Protocol.max}`));
      return;
    }
    if (missing.length > 0) {
      this.refuse(status(grpc.status.FAILED_PRECONDITION,
        `missing capabilities ${missing.join(", ")}: the client requires ${hello.requiredCapabilities.join(", ")}, worker ${worker} offers ${endpoint.capabilities.join(", ")}`));
      return;
    }
    if (endpoint.draining) {
      this.refuse(status(grpc.status.UNAVAILABLE, `worker ${worker} is leaving and takes no new session`));
      return;
    }
    this.key = longOf(hello.sessionKey);
    if (toNumber(this.key) === 0) {
      throw new Error("the hello's session_key is 0; it must be random and not 0");
    }
    this.hello = hello;
    this.frames = new FrameBuilder(
      Math.min(Limits.frameBytes, Math.max(Limits.smallestFrameBytes, toNumber(hello.maxFrameBytes) || Limits.frameBytes)),
      hello.takesChunks,
      (sequence) => this.runs.has(sequence));
    this.track = endpoint.ledger?.openTrack(this.key) ?? -1;
    this.writing = true;
    this.call.write({
      hello: {
        protocol: Protocol.max,
        capabilities: endpoint.capabilities,
        hostInstance: launch.hostInstance,
        worker,
        incarnation: launch.incarnation,
        concurrency: launch.concurrency,
        credit: 65_536,
        tasks: endpoint.describe(),
        maxFrameBytes: Limits.frameBytes,
        maxMessageBytes: launch.maxMessageBytes,
        abandonedAfterMs: 0,
      },
    }, () => this.written());
  }

  private take(frame: SessionRequest): void {
    if (frame.hello) {
      throw new Error("a second hello");
    }
    for (const piece of frame.chunks) {
      this.upload(toNumber(piece.sequence), toNumber(piece.offset), piece.data, toNumber(piece.totalBytes), piece.abandoned);
    }
    for (const submission of frame.tasks) {
      this.submit(submission);
    }
    for (const sequence of frame.cancel) {
      const run = this.find(toNumber(sequence), "cancels");
      if (run) {
        this.endpoint.lanes.stop(run, "caller");
      }
    }
    for (const credit of frame.streamCredit) {
      const sequence = toNumber(credit.sequence);
      this.find(sequence, "gives credit for");
      this.frames.outputOf(sequence)?.grant(toNumber(credit.items), toNumber(credit.bytes));
    }
    for (const sequence of frame.recall) {
      const run = this.find(toNumber(sequence), "recalls");
      if (run && this.endpoint.lanes.remove(run)) {
        run.end({ recalled: true });
      }
    }
  }

  private upload(number: number, offset: number, data: Uint8Array, total: number, abandoned: boolean): void {
    if (abandoned) {
      this.uploads.delete(number);
      return;
    }
    let upload = this.uploads.get(number);
    if (!upload) {
      if (this.uploads.size === Limits.partialPayloads) {
        throw new Error(`more than ${Limits.partialPayloads} payloads on their way in pieces`);
      }
      this.uploads.set(number, upload = new PartialPayload(total, this.endpoint.launch.maxMessageBytes));
    }
    upload.add(offset, data);
  }

  private submit(submission: TaskSubmission): void {
    const sequence = toNumber(submission.sequence);
    if (sequence <= this.lastSequence) {
      throw new Error(`sequences must rise: ${sequence} came after ${this.lastSequence}`);
    }
    this.lastSequence = sequence;
    let { data } = submission;
    if (toNumber(submission.totalBytes) > data.length) {
      const number = toNumber(submission.upload);
      const upload = this.uploads.get(number);
      if (!upload) {
        throw new Error(`task ${sequence} belongs to upload ${number}, of which no piece has come`);
      }
      this.uploads.delete(number);
      data = upload.finish(data);
    }
    const items = toNumber(submission.streamItems);
    const output = items !== 0 || submission.reportsProgress
      ? new Output(items !== 0, items, toNumber(submission.streamBytes), () => {
        this.frames.speaks(sequence);
        this.wake();
      })
      : undefined;
    if (output) {
      this.frames.follow(sequence, output);
    }
    const limit = toNumber(submission.timeLimitUs);
    const run = new Run(
      {
        id: submission.id || `${this.hello!.idPrefix}-${toNumber(submission.number)}`,
        task: submission.task,
        attempt: submission.attempt || 1,
        headers: submission.headers,
        contentType: submission.contentType,
        data,
        deadline: limit === 0 ? 0 : performance.now() + limit / 1000,
        session: this.key,
        sequence,
        track: this.track,
      },
      this.endpoint.worker,
      this.endpoint.tasks.get(submission.task),
      output,
      () => {
        if (this.hello!.reportStarted) {
          this.frames.started(sequence);
          this.wake();
        }
      },
      (ended, end) => this.complete(ended, end));
    this.runs.set(sequence, run);
    if (this.endpoint.draining) {
      run.end({ recalled: true });
    } else {
      this.endpoint.lanes.enqueue(run);
    }
  }

  private complete(run: Run, end: RunEnd): void {
    const { sequence } = run.facts;
    this.runs.delete(sequence);
    if (this.ended) {
      return;
    }
    this.frames.ended(sequence, end);
    this.wake();
  }

  private find(sequence: number, verb: string): Run | undefined {
    if (sequence > this.lastSequence) {
      throw new Error(`a frame ${verb} sequence ${sequence}, but the last one submitted is ${this.lastSequence}`);
    }
    return this.runs.get(sequence);
  }

  private wake(): void {
    if (!this.scheduled && !this.writing && !this.ended) {
      this.scheduled = true;
      process.nextTick(() => {
        this.scheduled = false;
        this.pump();
      });
    }
  }

  private written(): void {
    this.writing = false;
    this.pump();
  }

  private pump(): void {
    if (this.writing || this.ended || !this.hello) {
      return;
    }
    const frame = this.frames.next();
    if (frame) {
      this.endpoint.ledger?.flush();
      this.writing = true;
      // What gathers until it is written makes the next frame.
      this.call.write(frame, () => this.written());
    } else if ((this.halfClosed || this.endpoint.draining) && this.runs.size === 0) {
      this.close();
      this.call.end();
    }
  }

  private refuse(why: grpc.StatusObject): void {
    if (!this.ended) {
      this.abandon();
      this.call.emit("error", why);
    }
  }

  /** Its client has gone: nothing runs for nobody. */
  private abandon(): void {
    if (!this.ended) {
      this.close();
      for (const run of [...this.runs.values()]) {
        this.endpoint.lanes.stop(run, "caller");
      }
    }
  }

  private close(): void {
    this.ended = true;
    this.endpoint.ledger?.closeTrack(this.track);
    this.whenEnded(this);
  }
}

function longOf(value: Long64 | number): Long64 {
  return typeof value === "number" ? { low: value >>> 0, high: Math.floor(value / 0x1_0000_0000) } : value;
}
