import * as grpc from "@grpc/grpc-js";
import { ContentType, Health, Limits, TaskEndpoint, type Method } from "../wire.js";
import * as calls from "./calls.js";
import type { Handler, HandlerOptions, TaskEntry } from "./context.js";
import { Endpoint } from "./endpoint.js";
import { HealthService } from "./health.js";
import { Lanes } from "./lanes.js";
import { ExitCode, LaunchError, marker, readLaunchLine, watchLifeline, type LaunchLine } from "./launch.js";
import { Ledger, Stage } from "./ledger.js";
import { TaskSession } from "./session.js";

// What a program may still do after run() has returned, when nobody is left to kill it.
const orphanGraceMs = 2_000;

const inputs = { json: ContentType.json, bytes: ContentType.bytes, protobuf: ContentType.protobuf } as const;

export interface RunOptions {
  /** Before the worker is ready, e.g. to load a model. What it throws ends the process with 70; `process.exit(ExitCode.misconfigured)` where no further start can help. */
  initialize?: () => unknown;
}

/** A worker process: its tasks, and the endpoint that a supervisor calls. Made by `createWorker`. */
export class TaskWorker {
  private readonly tasks = new Map<string, TaskEntry>();
  private begun = false;

  /**
   * Registers a task. The handler is called with a context and the arguments, and returns its result or a promise; a generator function yields items.
   * As many handlers run at a time as the pool's `concurrency` says (1 by default), all on the one thread of JavaScript.
   */
  task(name: string, handler: Handler, options: HandlerOptions = {}): this {
    if (typeof name !== "string" || name === "" || name.length > Limits.nameLength) {
      throw new TypeError(`the name of a task is a text of 1 to ${Limits.nameLength} characters`);
    }
    if (typeof handler !== "function") {
      throw new TypeError(`the handler of task "${name}" is a ${typeof handler}, not a function`);
    }
    if (this.begun) {
      throw new Error(`task "${name}" comes too late: register tasks before run()`);
    }
    if (this.tasks.has(name)) {
      throw new Error(`task "${name}" is registered twice`);
    }
    const { input = "json", decode, yields = /GeneratorFunction$/.test(handler.constructor.name) } = options;
    if (!(input in inputs)) {
      throw new TypeError(`option input of task "${name}" is ${JSON.stringify(input)}; allowed: "json", "bytes", "protobuf"`);
    }
    const [leastArguments, mostArguments] = typeof options.arguments === "number" ? [options.arguments, options.arguments] : options.arguments ?? [0, Infinity];
    if (!(leastArguments >= 0 && mostArguments >= leastArguments)) {
      throw new TypeError(`option arguments of task "${name}" is ${JSON.stringify(options.arguments)}; allowed: a number, or [least, most]`);
    }
    this.tasks.set(name, { name, handler, contentType: inputs[input], decode, yields, leastArguments, mostArguments });
    return this;
  }

  /** Serves until the supervisor wants this process to leave, and resolves when everything that ran has ended. Started by hand it explains itself and exits with 64. */
  async run(options: RunOptions = {}): Promise<void> {
    this.begun = true;
    if (process.env[marker] !== "1") {
      this.explain();
      process.exit(ExitCode.notSupervised);
    }
    let launch: LaunchLine;
    try {
      if (process.stdin.isTTY) {
        throw new LaunchError(ExitCode.notSupervised, `${marker}=1 is set, but stdin is a terminal and no supervisor writes to it; unset the variable to run the program by hand`);
      }
      launch = readLaunchLine();
    } catch (e) {
      console.error((e as Error).message);
      process.exit(e instanceof LaunchError ? e.exitCode : ExitCode.cannotServe);
    }
    await this.serve(launch, options);
  }

  private async serve(launch: LaunchLine, options: RunOptions): Promise<void> {
    const ledger = Ledger.open(launch);
    ledger?.stage(Stage.processStarted);
    ledger?.beat(launch.heartbeatMilliseconds);
    if (options.initialize) {
      ledger?.stage(Stage.initializing);
      try {
        await options.initialize();
      } catch (e) {
        console.error("the worker's initialize failed:", e);
        process.exit(ExitCode.cannotServe);
      }
      ledger?.stage(Stage.initialized);
    }

    const lanes = new Lanes(launch.concurrency, launch.maxMessageBytes, ledger, this.tasks);
    const endpoint = new Endpoint(launch, this.tasks, lanes, ledger);
    const health = new HealthService(endpoint);
    const sessions = new Set<TaskSession>();
    const server = serverFor(endpoint, health, sessions);
    try {
      await listen(server, launch.address);
    } catch (e) {
      console.error(`the worker cannot listen at ${launch.address}: ${(e as Error).message}`);
      process.exit(ExitCode.cannotServe);
    }
    ledger?.stage(Stage.listening);

    const leave = departure(launch);
    health.set(true);
    ledger?.stage(Stage.ready);
    await leave.asked;

    ledger?.stage(Stage.draining);
    endpoint.draining = true;
    health.set(false);
    for (const session of sessions) {
      session.drain();
    }
    await Promise.race([lanes.idle(), leave.hurried]);
    lanes.stopAll();
    health.endWatches();
    await Promise.race([
      new Promise<void>((resolve) => server.tryShutdown(() => resolve())),
      new Promise<void>((resolve) => setTimeout(resolve, 1000).unref()),
    ]);
    server.forceShutdown();
    process.stdin.destroy();
    setTimeout(() => process.exit(ExitCode.success), orphanGraceMs).unref();
  }

  private explain(): void {
    const program = process.argv[1] ?? "this program";
    const tasks = [...this.tasks.keys()];
    console.error(`${program} is a WorkerHost worker: it runs tasks for a supervisor and does nothing by itself.`);
    console.error("A host starts it, for example from another program:");
    console.error(`    const host = await startHost({ pools: { mine: { command: { fileName: process.execPath, arguments: [${JSON.stringify(program)}] } } } });`);
    console.error(tasks.length === 0 ? "It offers no tasks: nothing was registered with worker.task." : `It offers: ${tasks.join(", ")}`);
  }
}

/** A worker without tasks; give it some with `task`, then `run` it. */
export function createWorker(): TaskWorker {
  return new TaskWorker();
}

function serverFor(endpoint: Endpoint, health: HealthService, sessions: Set<TaskSession>): grpc.Server {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": Math.max(endpoint.launch.maxMessageBytes, Limits.frameBytes) + Limits.messageOverheadBytes,
    "grpc.max_send_message_length": -1,
    "grpc-node.flow_control_window": 4 * Limits.frameBytes,
  });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const add = <Q, A>(method: Method<Q, A>, handler: (...args: any[]) => void) => server.addService({ [method.path]: method }, { [method.path]: handler });
  add(TaskEndpoint.Run, (call, answer) => calls.run(endpoint, call, answer));
  add(TaskEndpoint.RunWithEvents, (call) => calls.runWithEvents(endpoint, call));
  add(TaskEndpoint.Describe, (call, answer) => calls.describe(endpoint, call, answer));
  add(TaskEndpoint.OpenSession, (call) => {
    const refused = endpoint.refusal(call.metadata);
    if (refused) {
      call.emit("error", refused);
    } else {
      sessions.add(new TaskSession(endpoint, call, (session) => sessions.delete(session)));
    }
  });
  add(Health.Check, (call, answer) => health.check(call, answer));
  add(Health.Watch, (call) => health.watch(call));
  return server;
}

function listen(server: grpc.Server, address: string): Promise<void> {
  const target = address.startsWith("unix:") ? address : address.replace(/^http:\/\//, "");
  return new Promise((resolve, reject) => server.bindAsync(target, grpc.ServerCredentials.createInsecure(), (e) => e ? reject(e) : resolve()));
}

/** How this process is asked to leave: by the end of its lifeline or by SIGTERM, and how long what runs may take then. */
function departure(launch: LaunchLine): { asked: Promise<void>; hurried: Promise<void> } {
  let ask!: () => void;
  let hurry!: () => void;
  const asked = new Promise<void>((resolve) => ask = resolve);
  const hurried = new Promise<void>((resolve) => hurry = resolve);
  let signals = 0;
  let inItsOwnTime = false;
  const limit = () => setTimeout(hurry, launch.drainMilliseconds).unref();
  process.on("SIGTERM", () => {
    // The first asks, the second hurries; who had all the time until then is hurried by the first.
    if (++signals > 1 || inItsOwnTime) {
      hurry();
    }
    limit();
    ask();
  });
  watchLifeline((noHurry) => {
    inItsOwnTime = noHurry;
    if (!noHurry) {
      limit();
      // The supervisor may be gone: then nobody else sees to it.
      setTimeout(() => process.exit(ExitCode.success), launch.drainMilliseconds + orphanGraceMs).unref();
    }
    ask();
  });
  return { asked, hurried };
}
