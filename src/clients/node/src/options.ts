import { aFunction, check, isRecord, isText, number, rulesOf, shown, text, trueOrFalse, wholeNumber, type Rule, type Rules } from "./checks.js";
import { BadInput } from "./errors.js";
import { Limits } from "./wire.js";

// Some thirty years: what is above that was meant in another unit.
const longestTimeLimitMs = 1e12;

const headers: Rule = {
  allowed: `an object of texts, at most ${Limits.headerBytes} bytes of names and values (8 more for each)`,
  fits: (value) => isRecord(value) && Object.values(value).every((one) => typeof one === "string") && headerBytes(value as Record<string, string>) <= Limits.headerBytes,
  said: (value) => {
    if (!isRecord(value)) {
      return shown(value);
    }
    const wrong = Object.entries(value).find(([, one]) => typeof one !== "string");
    return wrong ? `an object in which ${wrong[0]} is ${shown(wrong[1])}` : `an object of ${headerBytes(value as Record<string, string>)} bytes`;
  },
};

const tasks = {
  signal: { allowed: "an AbortSignal", fits: (value: unknown) => value instanceof AbortSignal },
  timeoutMs: number(" of milliseconds", `above 0 and at most ${longestTimeLimitMs}; without it there is no limit`, (value) => value > 0 && value <= longestTimeLimitMs),
  idempotent: trueOrFalse,
  maxAttempts: wholeNumber(1, 1000),
  priority: wholeNumber(-2, 2),
  affinityKey: text(0, Limits.nameLength),
  id: text(1, Limits.nameLength),
  headers,
  onProgress: aFunction,
  decode: aFunction,
};
const { id: _, ...manyTasks } = tasks;
const howMany = wholeNumber(1, 100_000);

/** Of `run`. */
export const runRules: Rules = rulesOf(tasks);
/** Of `stream`. */
export const streamRules: Rules = rulesOf({ ...tasks, buffer: howMany });
/** Of `map`: with one id all its tasks would be the same one. */
export const mapRules: Rules = rulesOf({ ...manyTasks, ahead: howMany, ordered: trueOrFalse });

/** Throws BadInput, with the option, what was given and what is allowed. */
export function checkTask(task: string, options: unknown, rules: Rules): void {
  if (!isText(task, 1, Limits.nameLength)) {
    throw new BadInput(`the name of a task is a text of 1 to ${Limits.nameLength} characters, not ${shown(task)}`, { neverStarted: true });
  }
  check(`task ${task}`, options, rules, (message) => new BadInput(message, { task, neverStarted: true }));
}

function headerBytes(given: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const name in given) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(given[name]) + 8;
  }
  return bytes;
}
