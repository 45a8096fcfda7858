import { shown } from "./checks.js";
import { BadInput } from "./errors.js";
import { checkTask, mapRules } from "./options.js";
import { Payload, type TaskArguments } from "./payload.js";
import type { TaskOptions } from "./task.js";

export interface MapOptions extends Omit<TaskOptions, "id"> {
  /** How many tasks may be under way at a time, 1 to 100 000. Default 1000. */
  ahead?: number;
  /** Results come in the order of their elements; false: as they come. Default true. */
  ordered?: boolean;
}

/** What map needs of a client. */
export interface Runner {
  run(task: string, args: TaskArguments, options: TaskOptions): Promise<unknown>;
}

type Settled = { value: unknown } | { error: unknown };

/** Throws at once where an option or the elements cannot be used. */
export function mapTasks<T>(
  runner: Runner, task: string, elements: Iterable<unknown> | AsyncIterable<unknown>, options: MapOptions): AsyncIterableIterator<T> {
  checkTask(task, options, mapRules);
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = Object(elements) as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  if (typeof later !== "function" && typeof now !== "function") {
    throw new BadInput(`map of task ${task} has ${shown(elements)} to go through; allowed: an array, or whatever \`for await\` takes`, { task, neverStarted: true });
  }
  return goThrough<T>(runner, task, elements, options);
}

async function* goThrough<T>(
  runner: Runner, task: string, elements: Iterable<unknown> | AsyncIterable<unknown>, options: MapOptions): AsyncIterableIterator<T> {
  const { ahead = 1000, ordered = true, signal, ...taskOptions } = options;
  const source = Symbol.asyncIterator in Object(elements)
    ? (elements as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    : (elements as Iterable<unknown>)[Symbol.iterator]();

  // Leaving the loop stops what is ahead.
  const leaving = new AbortController();
  const stop = signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal;
  const runOptions: TaskOptions = { ...taskOptions, signal: stop };

  const inOrder: Promise<Settled>[] = [];
  let head = 0;
  const done: Settled[] = [];
  let doneHead = 0;
  let running = 0;
  let wake: (() => void) | undefined;
  let exhausted = false;
  try {
    for (;;) {
      while (!exhausted && (ordered ? inOrder.length - head : running + done.length - doneHead) < ahead) {
        const next = await source.next();
        if (next.done) {
          exhausted = true;
          break;
        }
        // Never rejects, so that none is unhandled while another is awaited.
        const settled = runner.run(task, argumentsOf(next.value), runOptions).then((value): Settled => ({ value }), (error): Settled => ({ error }));
        running++;
        if (ordered) {
          inOrder.push(settled);
        } else {
          void settled.then((end) => {
            running--;
            done.push(end);
            wake?.();
          });
        }
      }
      let end: Settled;
      if (ordered) {
        if (head === inOrder.length) {
          return;
        }
        end = await inOrder[head];
        head++;
        if (head > 1024) {
          inOrder.splice(0, head);
          head = 0;
        }
      } else {
        if (doneHead === done.length) {
          if (running === 0) {
            return;
          }
          await new Promise<void>((resolve) => wake = resolve);
          wake = undefined;
        }
        end = done[doneHead++];
        if (doneHead > 1024) {
          done.splice(0, doneHead);
          doneHead = 0;
        }
      }
      if ("error" in end) {
        throw end.error;
      }
      yield end.value as T;
    }
  } finally {
    leaving.abort();
    if (!exhausted) {
      await source.return?.();
    }
  }
}

function argumentsOf(element: unknown): TaskArguments {
  return Array.isArray(element) || element instanceof Uint8Array || element instanceof Payload ? element : [element];
}
