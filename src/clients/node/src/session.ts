// One session with an endpoint: its hello, its frames in both directions, its end.
import * as grpc from "@grpc/grpc-js";
import type { Address } from "./address.js";
import { HostRefused, HostUnavailable, VersionMismatch, WorkerHostError } from "./errors.js";
import type { Outgoing } from "./frame.js";
import { Limits, Protocol, TaskEndpoint, toNumber, type ClientHello, type EndpointHello, type SessionRequest, type SessionResponse } from "./wire.js";

// An endpoint that is ready answers a hello within milliseconds; one that is stopped, or no endpoint, never does.
const helloTimeoutMs = 10_000;

type Call = grpc.ClientDuplexStream<Partial<SessionRequest>, Partial<SessionResponse>>;

export interface SessionEvents {
  /** The next frame to send; undefined: there is nothing. */
  next(): Outgoing | undefined;
  received(frame: SessionResponse): void;
  /** In good order: the endpoint has answered everything that it had read. */
  ended(reason: string, inOrder: boolean): void;
}

export class Session {
  readonly capabilities: ReadonlySet<string>;
  readonly maxFrameBytes: number;
  readonly maxMessageBytes: number;
  private events: SessionEvents | undefined;
  private writing = false;
  private scheduled = false;
  private closing = false;
  private ending = false;
  private end: { reason: string; inOrder: boolean } | undefined;

  private constructor(
    private readonly call: Call,
    readonly key: number,
    readonly hello: EndpointHello,
  ) {
    this.capabilities = new Set(hello.capabilities);
    this.maxFrameBytes = Math.min(Limits.frameBytes, Math.max(Limits.smallestFrameBytes, toNumber(hello.maxFrameBytes) || Limits.frameBytes));
    this.maxMessageBytes = toNumber(hello.maxMessageBytes) || Limits.messageBytes;
  }

  /** Rejects with HostUnavailable, VersionMismatch or HostRefused. `resumes`: the key of the client's last session there, which broke; 0: there was none. */
  static open(address: Address, pool: string, idPrefix: string, resumes: number): Promise<Session> {
    const client = new grpc.Client(address.target, address.credentials, address.channelOptions);
    const call = client.makeBidiStreamRequest(
      TaskEndpoint.OpenSession.path, TaskEndpoint.OpenSession.requestSerialize, TaskEndpoint.OpenSession.responseDeserialize,
      address.metadata()) as Call;
    // Not above 2^53, so that it is exact as a number.
    const key = 1 + Math.floor(Math.random() * (Number.MAX_SAFE_INTEGER - 1));
    const hello: ClientHello = {
      minProtocol: Protocol.min,
      maxProtocol: Protocol.max,
      requiredCapabilities: [],
      pool,
      client: `workerhost-node pid ${process.pid}`,
      sessionKey: key,
      idPrefix,
      maxFrameBytes: Limits.frameBytes,
      reportStarted: false,
      takesChunks: true,
      resumesSession: resumes,
    };

    return new Promise((resolve, reject) => {
      let session: Session | undefined;
      const timeout = setTimeout(() => {
        reject(new HostUnavailable(`no host answers at ${address.text}: no session was opened within ${helloTimeoutMs / 1000} s, although something listens there`));
        call.cancel();
      }, helloTimeoutMs);
      call.on("error", () => { /* the status says it */ });
      call.on("status", (status: grpc.StatusObject) => {
        clearTimeout(timeout);
        client.close();
        if (session) {
          session.close(status);
        } else {
          reject(refusal(status, address));
        }
      });
      call.on("data", (frame: SessionResponse) => {
        if (session) {
          session.events?.received(frame);
        } else if (frame.hello) {
          clearTimeout(timeout);
          session = new Session(call, key, frame.hello);
          resolve(session);
          // Frames may be behind it already, and whoever awaits takes a moment to listen.
          call.pause();
        } else {
          call.cancel();
        }
      });
      call.write({ hello });
    });
  }

  start(events: SessionEvents): void {
    if (this.end) {
      events.ended(this.end.reason, this.end.inOrder);
      return;
    }
    this.events = events;
    this.call.resume();
    this.wake();
  }

  /** There is something to send. What is submitted in the same turn of the program goes together. */
  wake(): void {
    if (!this.scheduled && !this.writing) {
      this.scheduled = true;
      process.nextTick(() => {
        this.scheduled = false;
        this.pump();
      });
    }
  }

  /** Nothing more will be submitted: what is to be said now is the last. */
  halfClose(): void {
    this.closing = true;
    this.wake();
  }

  abort(): void {
    this.call.cancel();
  }

  private pump(): void {
    if (this.writing || this.ending || !this.events) {
      return;
    }
    const frame = this.events.next();
    if (frame) {
      this.writing = true;
      // What gathers until it is written makes the next frame.
      this.call.write(frame, () => {
        this.writing = false;
        this.pump();
      });
    } else if (this.closing) {
      this.ending = true;
      this.call.end();
    }
  }

  private close(status: grpc.StatusObject): void {
    const inOrder = status.code === grpc.status.OK;
    this.ending = true;
    this.end = { inOrder, reason: inOrder ? "the host ended the session" : `${grpc.status[status.code]}: ${status.details}` };
    this.events?.ended(this.end.reason, inOrder);
    this.events = undefined;
  }
}

function refusal(status: grpc.StatusObject, address: Address): WorkerHostError {
  const said = `${grpc.status[status.code]}: ${status.details}`;
  switch (status.code) {
    case grpc.status.FAILED_PRECONDITION:
      return new VersionMismatch(
        `the host at ${address.text} refuses the session: ${status.details} (this package speaks protocol ${Protocol.min} to ${Protocol.max}; update one of them)`);
    case grpc.status.NOT_FOUND:
    case grpc.status.INVALID_ARGUMENT:
      return new HostRefused(`the host at ${address.text} refuses the session: ${status.details} (option pool of connect)`);
    case grpc.status.UNIMPLEMENTED:
      return new HostRefused(`the host at ${address.text} takes no tasks (${status.details}): give the address of its data plane, not of its admin plane; its endpoint file has both`);
    case grpc.status.UNAUTHENTICATED:
    case grpc.status.PERMISSION_DENIED:
      return new HostRefused(`the host at ${address.text} does not let this client in (${said}); ${address.hasToken ? "is the token the one in the host's token file?" : "pass { token } with what is in the host's token file, or { tls } with a certificate that it takes"}`);
    case grpc.status.OK:
      return new HostUnavailable(`what listens at ${address.text} ended the session before its hello; is it a workerhost?`);
    default:
      return new HostUnavailable(`no host can be reached at ${address.text} (${said}); start one with \`workerhost serve\`, or with startHost() of this package`);
  }
}
