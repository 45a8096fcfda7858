// Makes frames out of what tasks say and of their outcomes, below the size the client takes. A result that would fill half a frame goes in pieces, where
// the client takes them, in the room that small ones leave.
import type { Encoded } from "../payload.js";
import { Queue } from "../queue.js";
import { Limits, type SessionResponse, type TaskOutcome, type TaskProgress } from "../wire.js";
import type { Output } from "./output.js";
import type { RunEnd } from "./run.js";

// Sequence, lengths, tags.
const overhead = 64;

export class FrameBuilder {
  private readonly pending = new Queue<[number, RunEnd]>();
  private readonly speaking = new Set<number>();
  private readonly outputs = new Map<number, { output: Output; end?: RunEnd; sentOfItem: number }>();
  private readonly large: { sequence: number; result: Encoded; sent: number }[] = [];
  private startedSequences: number[] = [];
  private tellDraining = false;

  constructor(
    private readonly maxFrameBytes: number,
    private readonly takesChunks: boolean,
    /** It has not ended. */
    private readonly isUnderWay: (sequence: number) => boolean,
  ) {}

  draining(): void {
    this.tellDraining = true;
  }

  started(sequence: number): void {
    this.startedSequences.push(sequence);
  }

  /** It will have something to say before its end. */
  follow(sequence: number, output: Output): void {
    this.outputs.set(sequence, { output, sentOfItem: 0 });
  }

  outputOf(sequence: number): Output | undefined {
    return this.outputs.get(sequence)?.output;
  }

  speaks(sequence: number): void {
    this.speaking.add(sequence);
  }

  ended(sequence: number, end: RunEnd): void {
    const said = this.outputs.get(sequence);
    if (said) {
      // Behind what was said before.
      said.end = end;
      this.speaking.add(sequence);
    } else {
      this.pending.push([sequence, end]);
    }
  }

  /** The next frame; undefined: there is nothing to say. */
  next(): Partial<SessionResponse> | undefined {
    const frame = { outcomes: [], started: [], progress: [], chunks: [] } as unknown as SessionResponse;
    if (this.tellDraining) {
      frame.draining = true;
    }
    let size = this.tellDraining ? 2 : 0;
    this.tellDraining = false;

    for (const sequence of this.startedSequences.splice(0)) {
      // Only of those that have not ended: their outcome says it already.
      if (this.isUnderWay(sequence)) {
        frame.started.push(sequence);
        size += 10;
      }
    }
    size = this.addOutcomes(frame, size);
    size = this.addSaid(frame, size);
    // Of tasks that had something to say before.
    size = this.addOutcomes(frame, size);
    size = this.addPieces(frame, size);
    return size > 0 ? frame : undefined;
  }

  private addOutcomes(frame: SessionResponse, size: number): number {
    const half = this.maxFrameBytes / 2;
    while (this.pending.length > 0) {
      const [sequence, end] = this.pending.peek()!;
      const needed = sizeOf(end);
      if (this.takesChunks && end.result && needed > half) {
        this.pending.shift();
        this.large.push({ sequence, result: end.result, sent: 0 });
        continue;
      }
      if (size > 0 && size + needed > (this.large.length > 0 ? half : this.maxFrameBytes)) {
        break;
      }
      this.pending.shift();
      frame.outcomes.push(outcome(sequence, end, end.result?.data, 0));
      size += needed;
    }
    return size;
  }

  /** Tasks take turns, so that one that says much does not hold up another. */
  private addSaid(frame: SessionResponse, size: number): number {
    for (const sequence of [...this.speaking]) {
      const said = this.outputs.get(sequence);
      this.speaking.delete(sequence);
      if (!said) {
        continue;
      }
      const { output } = said;
      const report = said.sentOfItem === 0 ? output.takeReport() : undefined;
      if (report) {
        frame.progress.push({ sequence, fraction: report.fraction, message: report.message } as TaskProgress);
        size += overhead + 3 * report.message.length;
      }
      let turn: number = Limits.chunkBytes;
      for (let item = output.peekItem(); item && turn > 0; item = output.peekItem()) {
        const left = item.data.length - said.sentOfItem;
        const length = Math.min(left, Limits.chunkBytes, this.maxFrameBytes - size - overhead);
        if (length < Math.min(left, 256)) {
          break;
        }
        const message = { sequence, isItem: true, data: item.data } as TaskProgress;
        if (length < item.data.length) {
          message.data = item.data.subarray(said.sentOfItem, said.sentOfItem + length);
          message.totalBytes = item.data.length;
          message.more = length < left;
        }
        if (item.contentType !== "") {
          message.contentType = item.contentType;
        }
        frame.progress.push(message);
        size += length + overhead;
        turn -= length + overhead;
        if (length < left) {
          said.sentOfItem += length;
        } else {
          said.sentOfItem = 0;
          output.takeItem();
        }
      }
      if (output.hasNews) {
        this.speaking.add(sequence);
      } else if (said.end) {
        this.outputs.delete(sequence);
        this.pending.push([sequence, said.end]);
      }
    }
    return size;
  }

  private addPieces(frame: SessionResponse, size: number): number {
    while (this.large.length > 0) {
      const first = this.large[0];
      const { data } = first.result;
      const left = data.length - first.sent;
      const room = this.maxFrameBytes - size - overhead;
      if (left <= room) {
        frame.outcomes.push(outcome(first.sequence, { result: first.result }, data.subarray(first.sent), first.sent === 0 ? 0 : data.length));
        size += left + overhead;
        this.large.shift();
        continue;
      }
      const length = Math.min(left, Limits.chunkBytes, room);
      if (length < 256) {
        break;
      }
      frame.chunks.push({ sequence: first.sequence, offset: first.sent, data: data.subarray(first.sent, first.sent + length), totalBytes: data.length, abandoned: false });
      first.sent += length;
      size += length + overhead;
    }
    return size;
  }
}

function sizeOf(end: RunEnd): number {
  const { failure, result } = end;
  let size = overhead + (result?.data.length ?? 0);
  if (failure) {
    size += 3 * (failure.message.length + (failure.task?.length ?? 0) + (failure.taskId?.length ?? 0)) + 256;
    for (let error = failure.error; error; error = error.cause) {
      size += 3 * (error.message.length + error.stackTrace.length + error.type.length) + 32;
    }
  }
  return size;
}

// Only what is not the default: the rest would be written, too.
function outcome(sequence: number, end: RunEnd, data: Uint8Array | undefined, totalBytes: number): TaskOutcome {
  const message: Partial<TaskOutcome> = { sequence };
  if (end.failure) {
    message.failure = end.failure;
  } else if (end.recalled) {
    message.recalled = true;
  } else {
    message.data = data;
    if (end.result!.contentType !== "") {
      message.contentType = end.result!.contentType;
    }
    if (totalBytes !== 0) {
      message.totalBytes = totalBytes;
    }
  }
  if (end.serviceUs) {
    message.serviceUs = end.serviceUs;
  }
  return message as TaskOutcome;
}
