// Tasks that come by themselves, as calls of their own.
import { randomUUID } from "node:crypto";
import * as grpc from "@grpc/grpc-js";
import {
  ContentType, FailureKind, Protocol, encode,
  type DescribeResponse, type Duration, type RunRequest, type RunResponse, type RunWithEventsRequest, type RunWithEventsResponse, type TaskFailureMessage,
} from "../wire.js";
import { toNumber } from "../wire.js";
import { status, type Endpoint } from "./endpoint.js";
import { Failures, shortened } from "./failures.js";
import { Output } from "./output.js";
import { Run, type RunEnd } from "./run.js";

const statusOf: Record<number, grpc.status> = {
  [FailureKind.taskFailed]: grpc.status.UNKNOWN,
  [FailureKind.unknownTask]: grpc.status.UNIMPLEMENTED,
  [FailureKind.badInput]: grpc.status.INVALID_ARGUMENT,
  [FailureKind.cancelled]: grpc.status.CANCELLED,
  [FailureKind.deadlineExceeded]: grpc.status.DEADLINE_EXCEEDED,
  [FailureKind.rejected]: grpc.status.RESOURCE_EXHAUSTED,
};

// Made ahead of the call, whose own flow control is what holds the handler back.
const itemsAhead = 64;
const bytesAhead = 256 * 1024;

const noSession = { low: 0, high: 0 };

export function run(endpoint: Endpoint, call: grpc.ServerUnaryCall<RunRequest, RunResponse>, answer: grpc.sendUnaryData<RunResponse>): void {
  const refused = endpoint.refusal(call.metadata);
  if (refused) {
    answer(refused);
    return;
  }
  begin(endpoint, call.request, call, undefined, () => undefined, (ended, end) => {
    if (end.failure) {
      answer(statusWith(end.failure, endpoint.draining));
    } else {
      answer(null, response(ended, end));
    }
  });
}

export function runWithEvents(endpoint: Endpoint, call: grpc.ServerWritableStream<RunWithEventsRequest, RunWithEventsResponse>): void {
  const refused = endpoint.refusal(call.metadata);
  if (refused) {
    call.emit("error", refused);
    return;
  }
  let ended: [Run, RunEnd] | undefined;
  let blocked = false;
  let told = false;
  const tell = () => {
    for (; !blocked && !told;) {
      const report = output.takeReport();
      const item = report ? undefined : output.peekItem();
      if (report) {
        blocked = !call.write({ progress: report });
      } else if (item) {
        output.takeItem();
        output.grant(1, item.data.length);
        blocked = !call.write({ item: { contentType: item.contentType || ContentType.json, data: item.data } });
      } else if (ended) {
        told = true;
        const [which, end] = ended;
        if (end.failure) {
          call.emit("error", statusWith(end.failure, endpoint.draining));
        } else {
          call.write({ outcome: response(which, end) });
          call.end();
        }
      } else {
        return;
      }
    }
  };
  call.on("drain", () => {
    blocked = false;
    tell();
  });
  const output = new Output(!call.request.collectsItems, itemsAhead, bytesAhead, () => setImmediate(tell));
  begin(endpoint, call.request.task ?? { id: "", task: "", headers: {}, attempt: 0 }, call, output, (which) => {
    call.write({ started: { id: which.id, worker: which.worker, attempt: which.facts.attempt } });
  }, (which, end) => {
    ended = [which, end];
    tell();
  });
}

export function describe(endpoint: Endpoint, call: grpc.ServerUnaryCall<{ pool: string }, DescribeResponse>, answer: grpc.sendUnaryData<DescribeResponse>): void {
  const { launch } = endpoint;
  const refused = endpoint.refusal(call.metadata);
  if (refused) {
    answer(refused);
    return;
  }
  answer(null, {
    pool: launch.pool,
    worker: endpoint.worker,
    hostInstance: launch.hostInstance,
    tasks: endpoint.describe(),
    capabilities: endpoint.capabilities,
    concurrency: launch.concurrency,
    minProtocol: Protocol.min,
    maxProtocol: Protocol.max,
    maxMessageBytes: launch.maxMessageBytes,
  });
}

function begin(
  endpoint: Endpoint, request: RunRequest, call: grpc.ServerUnaryCall<RunRequest, RunResponse> | grpc.ServerWritableStream<RunWithEventsRequest, RunWithEventsResponse>,
  output: Output | undefined, whenStarted: (run: Run) => void, whenEnded: (run: Run, end: RunEnd) => void): void {
  const limits = [callDeadline(call.getDeadline()), request.timeLimit ? milliseconds(request.timeLimit) : undefined].filter((limit) => limit !== undefined);
  const one = new Run(
    {
      id: request.id || randomUUID(),
      task: request.task,
      attempt: request.attempt || 1,
      headers: request.headers,
      contentType: request.payload?.contentType ?? "",
      data: request.payload?.data ?? Buffer.alloc(0),
      deadline: limits.length === 0 ? 0 : performance.now() + Math.min(...limits),
      session: noSession,
      sequence: 0,
      track: -1,
    },
    endpoint.worker, endpoint.tasks.get(request.task), output, whenStarted, whenEnded);
  if (endpoint.draining) {
    one.end({ failure: Failures.rejected(one, "is leaving and takes nothing new") });
    return;
  }
  if (request.timeLimit && !(milliseconds(request.timeLimit) > 0)) {
    one.end({ failure: Failures.badInput(one, "time_limit is not a duration above zero") });
    return;
  }
  call.on("cancelled", () => {
    const left = one.facts.deadline === 0 ? Infinity : one.facts.deadline - performance.now();
    endpoint.lanes.stop(one, left < 20 ? "time limit" : "caller");
  });
  endpoint.lanes.enqueue(one);
}

/** What is left of it. */
function callDeadline(deadline: grpc.Deadline): number | undefined {
  const at = deadline instanceof Date ? deadline.getTime() : deadline;
  return Number.isFinite(at) ? Math.max(0, at - Date.now()) : undefined;
}

function milliseconds(duration: Duration): number {
  return toNumber(duration.seconds) * 1000 + duration.nanos / 1e6;
}

function response(ended: Run, end: RunEnd): RunResponse {
  const { contentType, data } = end.result!;
  return { result: { contentType: contentType || ContentType.json, data }, id: ended.id, worker: ended.worker, attempts: ended.facts.attempt };
}

function statusWith(failure: TaskFailureMessage, draining: boolean): grpc.StatusObject {
  const code = failure.kind === FailureKind.rejected && draining ? grpc.status.UNAVAILABLE : statusOf[failure.kind] ?? grpc.status.UNKNOWN;
  const short = shortened(failure);
  const result = status(code, short.message);
  result.metadata.set("grpc-status-details-bin", encode("google.rpc.Status", {
    code,
    message: short.message,
    details: [{ typeUrl: "type.googleapis.com/workerhost.v1.TaskFailure", value: encode("workerhost.v1.TaskFailure", short) }],
  }));
  return result;
}
