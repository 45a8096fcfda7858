// Runs the client cases with the Node client: run_client.mjs TARGETS CASES SLOW. README.md says what a runner does.
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import * as workerhost from "workerhost";

const patienceMs = 30_000;
const aborted = new Error("the case has cancelled it");
const outcomes = [
  [workerhost.TaskCancelled, "cancelled"],
  [workerhost.TaskFailed, "task-failed"],
  [workerhost.UnknownTask, "unknown-task"],
  [workerhost.BadInput, "bad-input"],
  [workerhost.TaskTimeout, "deadline-exceeded"],
  [workerhost.Rejected, "rejected"],
  [workerhost.NoWorkers, "no-workers"],
  [workerhost.WorkerLost, "worker-lost"],
  [workerhost.Quarantined, "quarantined"],
];

function need(condition, otherwise) {
  if (!condition) {
    throw new Error(typeof otherwise === "function" ? otherwise() : otherwise);
  }
}

function only(step, ...allowed) {
  const unknown = Object.keys(step).filter((name) => !allowed.includes(name));
  need(unknown.length === 0, `fields that the runner does not know: ${unknown}`);
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Name and value of one that stands for something else; undefined: it is itself. */
const special = (value) => (isObject(value) && Object.keys(value).length === 1 && Object.keys(value)[0].startsWith("$") ? Object.entries(value)[0] : undefined);

const bytesOf = (value) => (isObject(value) ? new Uint8Array(value.count).fill(value.byte) : new Uint8Array(Buffer.from(value, "base64")));

function short(value) {
  const text = value instanceof Error ? String(value) : JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text;
}

function failed(error, items) {
  if (error === aborted) {
    return { outcome: "cancelled", items };
  }
  const known = outcomes.find(([kind]) => error instanceof kind);
  if (!known) {
    throw error;
  }
  return { outcome: known[1], items, error };
}

const connections = [
  [workerhost.VersionMismatch, "version-mismatch"],
  [workerhost.HostRefused, "refused"],
  [workerhost.HostUnavailable, "host-unavailable"],
];

function notConnected(error) {
  const known = connections.find(([kind]) => error instanceof kind);
  if (!known) {
    throw error;
  }
  return { outcome: known[1], error };
}

async function until(fact, ms, otherwise) {
  for (const end = performance.now() + ms; !fact(); await delay(2)) {
    need(performance.now() < end, otherwise);
  }
}

const lines = (path) => (existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0);

const lastPid = (path) => Number(readFileSync(path, "utf8").split("\n").filter((line) => /^\d+ /.test(line)).at(-1).split(" ")[0]);

function isAlive(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !"ZX".includes(stat[stat.lastIndexOf(")") + 2]);
  } catch {
    return false;
  }
}

const connectTo = (target) => workerhost.connect(target.address.replace(/^http:\/\//, ""), { token: target.token, pool: target.pool });

/** One case on its way. */
class Run {
  endings = new Map();
  stops = new Map();
  kept = new Map();
  reports = new Map();

  constructor(client, targets, directory) {
    this.clients = new Map([["host", client]]);
    this.targets = targets;
    this.directory = directory;
  }

  // ---- values

  text(value) {
    return value.replaceAll("{dir}", this.directory);
  }

  resolve(value) {
    if (typeof value === "string") {
      return this.text(value);
    }
    if (Array.isArray(value)) {
      return value.map((one) => this.resolve(one));
    }
    const stands = special(value);
    if (stands) {
      return this.special(...stands);
    }
    return isObject(value) ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.resolve(one)])) : value;
  }

  special(name, value) {
    switch (name) {
      case "$kept":
        return this.kept.get(value);
      case "$repeat":
        return value[0].repeat(value[1]);
      default:
        throw new Error(`no value is written ${name}`);
    }
  }

  /** What differs; undefined: nothing. */
  differs(expected, actual, at = "the result") {
    const stands = special(expected);
    if (stands) {
      const [name, value] = stands;
      switch (name) {
        case "$any":
          return undefined;
        case "$not":
          return this.differs(value, actual) ? undefined : `${at} is ${short(actual)}, which it must not be`;
        case "$has":
          return this.lacks(value, actual, at);
        default:
          return this.differs(this.special(name, value), actual, at);
      }
    }
    if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
      return expected.map((one, i) => this.differs(one, actual[i], `${at}[${i}]`)).find(Boolean);
    }
    if (isObject(expected) && isObject(actual) && Object.keys(expected).length === Object.keys(actual).length) {
      return this.lacks(expected, actual, at);
    }
    const wanted = typeof expected === "string" ? this.text(expected) : expected;
    return isDeepStrictEqual(wanted, actual) ? undefined : `${at} is ${short(actual)}; expected is ${short(wanted)}`;
  }

  lacks(expected, actual, at) {
    if (!isObject(actual)) {
      return `${at} is ${short(actual)}; expected is an object`;
    }
    return Object.entries(expected).map(([name, value]) => (name in actual ? this.differs(value, actual[name], `${at}.${name}`) : `${at} has no ${name}`)).find(Boolean);
  }

  // ---- steps

  async run(steps) {
    for (const [number, step] of steps.entries()) {
      try {
        const [[verb, fields], ...others] = Object.entries(step);
        need(others.length === 0, "a step has several verbs");
        need(Object.hasOwn(Run.verbs, verb), `a step that the runner does not know: ${verb}`);
        await Run.verbs[verb].call(this, fields);
      } catch (error) {
        throw new Error(`step ${number + 1} of ${steps.length}, ${JSON.stringify(step).slice(0, 300)}: ${error.message}`, { cause: error });
      }
    }
  }

  /** Leaves no task and no client behind. */
  async end() {
    this.stops.forEach((stop) => stop());
    await Promise.all([...this.clients].filter(([name]) => name !== "host").map(([, client]) => client.close()));
  }

  begin(name, ending) {
    need(!this.endings.has(name), `two things of one case are called ${name}`);
    ending.catch(() => {});
    this.endings.set(name, ending);
  }

  prepared(step) {
    only(step, "as", "task", "arguments", "bytes", "options", "progress", "client", "take");
    const { id, timeLimitMs, idempotent, attempts, priority, affinityKey, headers, ...unknown } = step.options ?? {};
    only(unknown);
    const stop = new AbortController();
    this.stops.set(step.as, () => stop.abort(aborted));
    const options = { signal: stop.signal, id: id && this.text(id), timeoutMs: timeLimitMs, idempotent, maxAttempts: attempts, priority, affinityKey, headers };
    if (step.progress) {
      const heard = [];
      this.reports.set(step.as, heard);
      options.onProgress = ({ fraction, message }) => heard.push([fraction, message]);
    }
    for (const [name, value] of Object.entries(options)) {
      if (value === undefined) {
        delete options[name];
      }
    }
    return [this.clients.get(step.client ?? "host"), "bytes" in step ? bytesOf(step.bytes) : this.resolve(step.arguments ?? []), options];
  }

  static verbs = {
    submit(step) {
      const [client, args, options] = this.prepared(step);
      this.begin(step.as, (async () => {
        try {
          return { outcome: "succeeded", result: await client.run(step.task, args, options) };
        } catch (error) {
          return failed(error);
        }
      })());
    },

    stream(step) {
      const [client, args, options] = this.prepared(step);
      const items = [];
      this.begin(step.as, (async () => {
        try {
          for await (const item of client.stream(step.task, args, options)) {
            items.push(item);
            if (items.length === step.take) {
              return { outcome: "left", items };
            }
          }
          return { outcome: "succeeded", items };
        } catch (error) {
          return failed(error, items);
        }
      })());
    },

    async many(step) {
      only(step, "count", "client");
      const client = this.clients.get(step.client ?? "host");
      const sums = await Promise.all(Array.from({ length: step.count }, (_, i) => client.run("add", [i, 1])));
      sums.forEach((sum, i) => need(sum === i + 1, `${i} and 1 are ${sum}`));
    },

    cancel(step) {
      only(step, "of");
      this.stops.get(step.of)();
    },

    async "wait-lines"(step) {
      only(step, "path", "count");
      const path = this.text(step.path);
      await until(() => lines(path) >= step.count, patienceMs, () => `${lines(path)} lines are there`);
    },

    lines(step) {
      only(step, "path", "count");
      const there = lines(this.text(step.path));
      need(there === step.count, `${there} lines are there`);
    },

    kill(step) {
      only(step, "path", "signal");
      process.kill(lastPid(this.text(step.path)), `SIG${step.signal}`);
    },

    async gone(step) {
      only(step, "path", "withinMs");
      const pid = lastPid(this.text(step.path));
      await until(() => !isAlive(pid), step.withinMs, `process ${pid} is still there`);
    },

    async connect(step) {
      only(step, "as", "to");
      const ending = (async () => {
        try {
          this.clients.set(step.as, await connectTo(this.targets[step.to]));
          return { outcome: "connected" };
        } catch (error) {
          return notConnected(error);
        }
      })();
      this.begin(step.as, ending);
      await ending.catch(() => {});
    },

    close(step) {
      only(step, "client", "as");
      this.begin(step.as, this.clients.get(step.client).close().then(() => ({ outcome: "closed" })));
    },

    async expect(step) {
      only(step, "of", "outcome", "result", "resultIsNull", "bytes", "items", "keep", "says", "error", "deaths", "death", "progress", "withinMs");
      const within = step.withinMs ?? patienceMs;
      const stop = new AbortController();
      const ending = await Promise.race([this.endings.get(step.of), delay(within, undefined, { signal: stop.signal }).catch(() => undefined)]);
      stop.abort();
      need(ending, `it has not ended within ${within} ms`);
      const wanted = step.outcome ?? "succeeded";
      need(ending.outcome === wanted, () => `it ended as ${ending.outcome}: ${short(ending.error ?? ending.result)}`);
      this.compare(step, ending);
      if (step.progress) {
        await this.checkProgress(step);
      }
    },
  };

  compare(step, ending) {
    const agree = (difference) => need(!difference, difference);
    if ("result" in step || step.resultIsNull) {
      agree(this.differs(step.result ?? null, ending.result));
    }
    if ("bytes" in step) {
      need(ending.result instanceof Uint8Array && Buffer.from(ending.result).equals(bytesOf(step.bytes)), () => `the bytes are ${short(ending.result)}`);
    }
    if (step.items) {
      agree(this.differs(step.items, ending.items, "the list of items"));
    }
    for (const [member, name] of Object.entries(step.keep ?? {})) {
      this.kept.set(name, ending.result[member]);
    }
    for (const part of (step.says ?? []).map((p) => this.text(p))) {
      need(ending.error?.message.includes(part), () => `the message does not say "${part}": ${ending.error?.message}`);
    }
    if (step.error) {
      this.checkError(step.error, ending.error.remote);
    }
    if ("deaths" in step) {
      need(ending.error.deaths.length === step.deaths, () => `it has ${ending.error.deaths.length} deaths to tell of`);
    }
    if (step.death) {
      only(step.death, "signal", "exitCode");
      const death = ending.error.deaths.at(-1);
      need(step.death.signal === undefined || death.signal === step.death.signal, () => `the death was ${death}`);
      need(step.death.exitCode === undefined || (death.signal === undefined && death.exitCode === step.death.exitCode), () => `the death was ${death}`);
    }
  }

  checkError(expected, remote) {
    only(expected, "message", "messageStarts", "cause", "typeHas");
    need(remote?.type, "the error has no type");
    need(remote.type.includes(expected.typeHas ?? ""), `the error's type is ${remote.type}`);
    need(expected.message === undefined || remote.message === this.text(expected.message), () => `the error's message is ${short(remote.message)}`);
    need(remote.message.startsWith(expected.messageStarts ?? ""), () => `the error's message is ${short(remote.message)}`);
    need(expected.cause === undefined || remote.cause?.message === expected.cause, () => `behind the error stands ${remote.cause?.message}`);
  }

  async checkProgress(step) {
    only(step.progress, "last");
    const heard = this.reports.get(step.of);
    await until(() => isDeepStrictEqual(heard.at(-1), step.progress.last), patienceMs, () => `the last report is ${heard.at(-1)}`);
    const fractions = heard.map(([fraction]) => fraction);
    need(fractions.every((fraction, i) => i === 0 || fractions[i - 1] <= fraction), () => `the fractions fall: ${fractions}`);
  }
}

/** What is wrong; empty: nothing. */
async function judge(one, client, targets) {
  const directory = mkdtempSync(join(tmpdir(), "wh-case-"));
  const run = new Run(client, targets, directory);
  try {
    await run.run(one.steps);
    return "";
  } catch (error) {
    return error.message;
  } finally {
    await run.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

const [targetsFile, casesFolder, slow] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const targets = read(targetsFile);
const entry = read(new URL("clients.json", import.meta.url)).find(({ name }) => name === process.env.WORKERHOST_CONFORMANCE_NAME);
const client = await connectTo(targets.host);
for (const file of readdirSync(casesFolder).filter((name) => name.endsWith(".json")).sort()) {
  const { theme, cases } = read(join(casesFolder, file));
  for (const one of cases) {
    if (one.for !== "worker" && (one.slow ?? false) === (slow === "1") && (one.needs ?? []).every((need_) => entry.capabilities.includes(need_))) {
      const message = await judge(one, client, targets);
      process.stdout.write(`${JSON.stringify({ case: `${theme}/${one.name}`, passed: message === "", message })}\n`);
    }
  }
}
await client.close();
