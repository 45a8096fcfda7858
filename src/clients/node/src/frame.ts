import type { Task } from "./task.js";
import { Limits, type PayloadChunk, type SessionRequest, type TaskSubmission } from "./wire.js";

/** A frame without what it need not say. */
export type Outgoing = Omit<SessionRequest, "hello" | "outcomesSeen"> & { outcomesSeen?: number };

// Sequence, offset, lengths and tags of a piece.
const pieceOverhead = 64;

/** One frame to the endpoint, filled as long as there is room. */
export class FrameBuilder {
  readonly frame: Outgoing = { tasks: [], cancel: [], recall: [], chunks: [], streamCredit: [], cancelCalls: [] };
  private size = 0;

  constructor(
    private readonly maxBytes: number,
    /** Large payloads leave the half of a frame to small ones. */
    private readonly hasLarge: boolean,
  ) {}

  get isEmpty(): boolean {
    return this.size === 0;
  }

  static isLarge(task: Task, maxBytes: number): boolean {
    return task.size > maxBytes / 2;
  }

  fits(task: Task): boolean {
    return this.size === 0 || this.size + task.size <= (this.hasLarge ? this.maxBytes / 2 : this.maxBytes);
  }

  add(task: Task, sequence: number, now: number): void {
    this.frame.tasks.push(submission(task, sequence, now, task.payload.data, 0));
    this.size += task.size;
  }

  /** Adds the next pieces of a large task. True: with them the task itself, which is whole. */
  addPieces(task: Task, sequence: number, now: number): boolean {
    const data = task.payload.data;
    for (;;) {
      const left = data.length - task.uploaded;
      const room = this.maxBytes - this.size;
      if (left + (task.size - data.length) <= room) {
        this.frame.tasks.push(submission(task, sequence, now, data.subarray(task.uploaded), task.uploaded === 0 ? 0 : data.length));
        this.size += left + (task.size - data.length);
        return true;
      }
      const length = Math.min(left, Limits.chunkBytes, room - pieceOverhead);
      if (length < Math.min(left, 256)) {
        return false;
      }
      const piece: PayloadChunk = {
        sequence: task.upload,
        offset: task.uploaded,
        data: data.subarray(task.uploaded, task.uploaded + length),
        totalBytes: data.length,
        abandoned: false,
      };
      this.frame.chunks.push(piece);
      task.uploaded += length;
      this.size += length + pieceOverhead;
    }
  }

  abandon(upload: number): void {
    this.frame.chunks.push({ sequence: upload, offset: 0, data: nothing, totalBytes: 0, abandoned: true });
    this.size += pieceOverhead;
  }

  cancel(sequence: number): void {
    this.frame.cancel.push(sequence);
    this.size += 9;
  }

  grant(sequence: number, items: number, bytes: number): void {
    this.frame.streamCredit.push({ sequence, items, bytes });
    this.size += 24;
  }

  outcomesSeen(frames: number): void {
    this.frame.outcomesSeen = frames;
    this.size += 9;
  }
}

const nothing = Buffer.alloc(0);
// Only what is not the default: the rest would be written, too.
function submission(task: Task, sequence: number, now: number, data: Uint8Array, totalBytes: number): TaskSubmission {
  const { options, room, payload } = task;
  const message: Partial<TaskSubmission> = { sequence, task: task.name, data, number: task.number };
  if (payload.contentType !== "") {
    message.contentType = payload.contentType;
  }
  if (options.id !== undefined) {
    message.id = options.id;
  }
  if (task.attempt > 1) {
    message.attempt = task.attempt;
  }
  if (task.deadline !== 0) {
    // One that has passed must not look like none.
    message.timeLimitUs = Math.max(1, Math.round((task.deadline - now) * 1000));
  }
  if (options.priority !== undefined) {
    message.priority = options.priority;
  }
  if (options.idempotent) {
    message.idempotent = true;
  }
  if (options.maxAttempts !== undefined) {
    message.maxAttempts = options.maxAttempts;
  }
  if (options.affinityKey !== undefined) {
    message.affinityKey = options.affinityKey;
  }
  if (options.headers !== undefined) {
    message.headers = options.headers as Record<string, string>;
  }
  if (totalBytes !== 0) {
    message.totalBytes = totalBytes;
    message.upload = task.upload;
  }
  if (room !== undefined) {
    message.streamItems = room.items;
    message.streamBytes = room.bytes;
  }
  if (options.onProgress !== undefined) {
    message.reportsProgress = true;
  }
  if (task.carried) {
    message.attach = true;
  }
  return message as TaskSubmission;
}
