// The contract (protos/workerhost/v1) as this package speaks it: message types read from the .proto files at start, and the methods as gRPC wants them.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import type { DescribeResponse, RunRequest, RunResponse, RunWithEventsRequest, RunWithEventsResponse, SessionRequest, SessionResponse, Wire64 } from "./messages.js";

export * from "./messages.js";

/** For counts, lengths and sequences, which stay below 2^53. */
export function toNumber(value: Wire64): number {
  return typeof value === "number" ? value : (value.high >>> 0) * 0x1_0000_0000 + (value.low >>> 0);
}

export const Protocol = { min: 1, max: 1 } as const;

export const ContentType = {
  json: "application/json",
  protobuf: "application/x-protobuf",
  bytes: "application/octet-stream",
} as const;

/** Limits of the contract (src/docs/worker-contract.md). */
export const Limits = {
  frameBytes: 256 * 1024,
  smallestFrameBytes: 1024,
  messageBytes: 64 * 1024 * 1024,
  /** What is around the payload of the largest message. */
  messageOverheadBytes: 64 * 1024,
  nameLength: 1024,
  headerBytes: 32 * 1024,
  chunkBytes: 64 * 1024,
  partialPayloads: 16,
} as const;

const protos = join(fileURLToPath(new URL(".", import.meta.url)), "protos");
const root = new protobuf.Root();
root.resolvePath = (_origin, target) => join(protos, target);
root.loadSync("workerhost/v1/task_endpoint.proto");

// Standard services and messages of gRPC, which every implementation brings along in its own way.
protobuf.parse(
  `syntax = "proto3";
   package google.rpc;
   message Status { int32 code = 1; string message = 2; repeated Detail details = 3; }
   message Detail { string type_url = 1; bytes value = 2; }`,
  root,
);
protobuf.parse(
  `syntax = "proto3";
   package grpc.health.v1;
   message HealthCheckRequest { string service = 1; }
   message HealthCheckResponse { int32 status = 1; }`,
  root,
);

/** Bytes of a message of that name, from an object of its shape. Fields that are missing have their defaults. */
export function encode(name: string, message: object): Buffer {
  return root.lookupType(name).encode(message).finish() as Buffer;
}

export interface Method<Request, Response> {
  path: string;
  requestStream: boolean;
  responseStream: boolean;
  requestSerialize(message: Request): Buffer;
  requestDeserialize(bytes: Buffer): Request;
  responseSerialize(message: Response): Buffer;
  responseDeserialize(bytes: Buffer): Response;
}

function method<Request, Response>(path: string, request: string, response: string, requestStream: boolean, responseStream: boolean): Method<Request, Response> {
  const requestType = root.lookupType(request);
  const responseType = root.lookupType(response);
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: (message) => requestType.encode(message as object).finish() as Buffer,
    requestDeserialize: (bytes) => requestType.decode(bytes) as Request,
    responseSerialize: (message) => responseType.encode(message as object).finish() as Buffer,
    responseDeserialize: (bytes) => responseType.decode(bytes) as Response,
  };
}

const endpoint = "/workerhost.v1.TaskEndpoint/";
const health = "/grpc.health.v1.Health/";

export const TaskEndpoint = {
  Run: method<RunRequest, RunResponse>(`${endpoint}Run`, "workerhost.v1.RunRequest", "workerhost.v1.RunResponse", false, false),
  RunWithEvents: method<RunWithEventsRequest, RunWithEventsResponse>(
    `${endpoint}RunWithEvents`, "workerhost.v1.RunWithEventsRequest", "workerhost.v1.RunWithEventsResponse", false, true),
  OpenSession: method<Partial<SessionRequest>, Partial<SessionResponse>>(
    `${endpoint}OpenSession`, "workerhost.v1.SessionRequest", "workerhost.v1.SessionResponse", true, true),
  Describe: method<{ pool: string }, DescribeResponse>(`${endpoint}Describe`, "workerhost.v1.DescribeRequest", "workerhost.v1.DescribeResponse", false, false),
};

export const Health = {
  Check: method<{ service: string }, { status: number }>(`${health}Check`, "grpc.health.v1.HealthCheckRequest", "grpc.health.v1.HealthCheckResponse", false, false),
  Watch: method<{ service: string }, { status: number }>(`${health}Watch`, "grpc.health.v1.HealthCheckRequest", "grpc.health.v1.HealthCheckResponse", false, true),
};

/** A result or an upload that comes in pieces, put together. */
export class PartialPayload {
  private readonly bytes: Buffer;
  private length = 0;

  constructor(total: number, limit: number) {
    if (total > limit) {
      throw new RangeError(`a payload of ${total} bytes was announced, more than the limit of ${limit} bytes`);
    }
    this.bytes = Buffer.allocUnsafe(total);
  }

  add(offset: number, data: Uint8Array): void {
    if (offset !== this.length || offset + data.length > this.bytes.length) {
      throw new RangeError(`a piece of ${data.length} bytes at ${offset} does not follow the ${this.length} of ${this.bytes.length} bytes before it`);
    }
    this.bytes.set(data, offset);
    this.length += data.length;
  }

  append(data: Uint8Array): void {
    this.add(this.length, data);
  }

  finish(last: Uint8Array): Buffer {
    this.append(last);
    if (this.length !== this.bytes.length) {
      throw new RangeError(`a payload of ${this.bytes.length} bytes ended after ${this.length}`);
    }
    return this.bytes;
  }
}
