import { BadInput } from "./errors.js";
import type { TaskOptions } from "./task.js";
import { Limits } from "./wire.js";

const known = new Set(["signal", "timeoutMs", "idempotent", "maxAttempts", "priority", "affinityKey", "id", "headers", "onProgress", "decode"]);

/** Throws BadInput, with the option and what is allowed. `further` are those of the method itself. */
export function checkOptions(task: string, options: TaskOptions, further: readonly string[] = []): void {
  if (typeof task !== "string" || task === "" || task.length > Limits.nameLength) {
    throw new BadInput(`the name of a task is a text of 1 to ${Limits.nameLength} characters, not ${JSON.stringify(task)?.slice(0, 100)}`, { neverStarted: true });
  }
  const refuse = (option: string, allowed: string): never => {
    const value = (options as Record<string, unknown>)[option];
    throw new BadInput(`option ${option} of task ${task} is ${typeof value === "object" ? "an object" : String(value).slice(0, 100)}; allowed: ${allowed}`, { task, neverStarted: true });
  };
  for (const option in options) {
    if (!known.has(option) && !further.includes(option)) {
      throw new BadInput(`task ${task} has no option ${option}; there are ${[...known, ...further].join(", ")}`, { task, neverStarted: true });
    }
  }
  const { signal, timeoutMs, maxAttempts, priority, affinityKey, id, headers, onProgress, decode, idempotent } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    refuse("signal", "an AbortSignal");
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0)) {
    refuse("timeoutMs", "a number of milliseconds above 0");
  }
  if (idempotent !== undefined && typeof idempotent !== "boolean") {
    refuse("idempotent", "true or false");
  }
  if (maxAttempts !== undefined && !(Number.isInteger(maxAttempts) && maxAttempts >= 1 && maxAttempts <= 1000)) {
    refuse("maxAttempts", "a whole number from 1 to 1000");
  }
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= -2 && priority <= 2)) {
    refuse("priority", "a whole number from -2 to 2");
  }
  if (affinityKey !== undefined && !(typeof affinityKey === "string" && affinityKey.length <= Limits.nameLength)) {
    refuse("affinityKey", `a text of at most ${Limits.nameLength} characters`);
  }
  if (id !== undefined && !(typeof id === "string" && id !== "" && id.length <= Limits.nameLength)) {
    refuse("id", `a text of 1 to ${Limits.nameLength} characters`);
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    refuse("onProgress", "a function");
  }
  if (decode !== undefined && typeof decode !== "function") {
    refuse("decode", "a function");
  }
  if (headers !== undefined) {
    checkHeaders(headers, refuse);
  }
}

function checkHeaders(headers: Readonly<Record<string, string>>, refuse: (option: string, allowed: string) => never): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== "string") {
      refuse("headers", "an object of texts");
    }
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 8;
  }
  if (bytes > Limits.headerBytes) {
    refuse("headers", `at most ${Limits.headerBytes} bytes of names and values (these have ${bytes})`);
  }
}
