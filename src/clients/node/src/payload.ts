import { BadInput, WorkerHostError } from "./errors.js";
import { ContentType } from "./wire.js";

/** Bytes and what they are, where arguments or a result are neither JSON nor plain bytes. */
export class Payload {
  constructor(
    readonly contentType: string,
    readonly data: Uint8Array,
  ) {
    if (typeof contentType !== "string" || !(data instanceof Uint8Array)) {
      throw new TypeError("a Payload has a content type and a Uint8Array");
    }
  }
}

/** A protobuf message that is encoded already, e.g. `protobuf(Request.encode(request).finish())`. */
export function protobuf(bytes: Uint8Array): Payload {
  return new Payload(ContentType.protobuf, bytes);
}

/** What a task is called with: an array is its arguments as JSON, a Uint8Array is bytes, a Payload anything else. */
export type TaskArguments = readonly unknown[] | Uint8Array | Payload;

/** Empty content type: JSON, the default of the wire. */
export interface Encoded {
  readonly contentType: string;
  readonly data: Uint8Array;
}

const noArguments = Buffer.from("[]");

export function encodeArguments(task: string, args: TaskArguments | undefined): Encoded {
  if (args === undefined || (Array.isArray(args) && args.length === 0)) {
    return { contentType: "", data: noArguments };
  }
  if (args instanceof Uint8Array) {
    return { contentType: ContentType.bytes, data: args };
  }
  if (args instanceof Payload) {
    return { contentType: args.contentType === ContentType.json ? "" : args.contentType, data: args.data };
  }
  if (!Array.isArray(args)) {
    throw new BadInput(
      `the arguments of task ${task} are ${typeof args === "object" ? "an object" : `a ${typeof args}`}; pass an array ([value] for one argument), a Uint8Array, or a Payload`,
      { task, neverStarted: true });
  }
  try {
    args.forEach(refuseWhatVanishes);
    return { contentType: "", data: Buffer.from(JSON.stringify(args)) };
  } catch (e) {
    throw new BadInput(
      `the arguments of task ${task} cannot be written as JSON: ${(e as Error).message}; pass plain values, a Uint8Array, or a Payload`,
      { task, neverStarted: true, cause: e });
  }
}

/** JSON.stringify makes null of these, which nobody can have meant. */
function refuseWhatVanishes(value: unknown, index: number): void {
  if (typeof value === "function" || typeof value === "symbol") {
    throw new TypeError(`argument ${index + 1} is a ${typeof value}`);
  }
}

/** A result or an item as JavaScript has it. Bytes are copied out of the frame they came in. */
export function decodeResult(task: string, contentType: string, data: Uint8Array, decode?: (bytes: Uint8Array) => unknown): unknown {
  try {
    if (contentType !== "" && contentType !== ContentType.json) {
      const bytes = Buffer.from(data);
      return decode ? decode(bytes) : bytes;
    }
    return data.length === 0 ? undefined : JSON.parse((data as Buffer).toString("utf8"));
  } catch (e) {
    throw new WorkerHostError(`the result of task ${task} (${contentType || ContentType.json}, ${data.length} bytes) cannot be read: ${(e as Error).message}`, { task, cause: e });
  }
}
