import { PartialPayload, toNumber, type PayloadChunk, type TaskOutcome, type TaskProgress } from "./wire.js";

/** Results and items of one session that come in pieces, put together. What does not fit together throws. */
export class Incoming {
  private readonly results = new Map<number, PartialPayload>();
  private readonly items = new Map<number, PartialPayload>();

  constructor(private readonly maxBytes: number) {}

  piece(piece: PayloadChunk, isWanted: boolean): void {
    const sequence = toNumber(piece.sequence);
    if (piece.abandoned || !isWanted) {
      this.results.delete(sequence);
      return;
    }
    let result = this.results.get(sequence);
    if (!result) {
      this.results.set(sequence, result = new PartialPayload(toNumber(piece.totalBytes), this.maxBytes));
    }
    result.add(toNumber(piece.offset), piece.data);
  }

  /** The whole result; undefined: its beginning is missing. */
  result(outcome: TaskOutcome): Uint8Array | undefined {
    const sequence = toNumber(outcome.sequence);
    const partial = this.results.get(sequence);
    this.results.delete(sequence);
    this.items.delete(sequence);
    return toNumber(outcome.totalBytes) === 0 || outcome.failure ? outcome.data : partial?.finish(outcome.data);
  }

  /** The whole item; undefined: there is more of it to come. */
  item(part: TaskProgress): Uint8Array | undefined {
    const total = toNumber(part.totalBytes);
    if (total === 0) {
      return part.data;
    }
    const sequence = toNumber(part.sequence);
    let item = this.items.get(sequence);
    if (!item) {
      this.items.set(sequence, item = new PartialPayload(total, this.maxBytes));
    }
    if (part.more) {
      item.append(part.data);
      return undefined;
    }
    this.items.delete(sequence);
    return item.finish(part.data);
  }
}
