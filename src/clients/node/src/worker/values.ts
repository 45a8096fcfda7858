// Values of handlers, from and to bytes.
import { Payload, type Encoded } from "../payload.js";
import { ContentType } from "../wire.js";
import type { Run } from "./run.js";

/** What a handler is called with. Throws what is wrong with the payload. */
export function argumentsOf(run: Run): unknown[] {
  const { data, contentType } = run.facts;
  if (contentType === "" || contentType === ContentType.json) {
    const args: unknown = data.length === 0 ? [] : JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("utf8"));
    if (!Array.isArray(args)) {
      throw new TypeError("the arguments are no JSON array");
    }
    const { leastArguments: least, mostArguments: most } = run.entry!;
    if (args.length < least || args.length > most) {
      throw new TypeError(`it takes ${least === most ? least : `${least} to ${most}`} arguments and not ${args.length}`);
    }
    return args;
  }
  // A copy: the frame it came in is not kept alive by a handler that keeps its bytes.
  const bytes = Buffer.from(data);
  return [run.entry!.decode ? run.entry!.decode(bytes) : bytes];
}

export const noValue = Buffer.alloc(0);
const nullJson = Buffer.from("null");

/** A result or an item. What JSON does not have throws. */
export function encodeValue(value: unknown): Encoded {
  if (value === undefined || value === null) {
    return { contentType: "", data: nullJson };
  }
  if (value instanceof Uint8Array) {
    return { contentType: ContentType.bytes, data: value };
  }
  if (value instanceof Payload) {
    return { contentType: value.contentType === ContentType.json ? "" : value.contentType, data: value.data };
  }
  const json = JSON.stringify(value);
  if (json === undefined) {
    throw new TypeError(`a ${typeof value} is nothing that JSON has`);
  }
  return { contentType: "", data: Buffer.from(json) };
}

/** What a generator returns; a list or a text is one value. */
export function isIterator(value: unknown): value is Iterator<unknown> | AsyncIterator<unknown> {
  return typeof value === "object" && value !== null && typeof (value as Iterator<unknown>).next === "function"
    && (Symbol.asyncIterator in value || Symbol.iterator in value);
}
