// grpc.health.v1: how the supervisor sees that this worker is ready, and that it lives.
import * as grpc from "@grpc/grpc-js";
import { status, type Endpoint } from "./endpoint.js";

const serving = 1;
const notServing = 2;
const serviceUnknown = 3;

type Watch = grpc.ServerWritableStream<{ service: string }, { status: number }>;

export class HealthService {
  private ready = false;
  private readonly watchers = new Set<Watch>();

  constructor(private readonly endpoint: Endpoint) {}

  set(ready: boolean): void {
    this.ready = ready;
    for (const watch of this.watchers) {
      watch.write({ status: this.current });
    }
  }

  check(call: grpc.ServerUnaryCall<{ service: string }, { status: number }>, answer: grpc.sendUnaryData<{ status: number }>): void {
    const refused = this.endpoint.refusal(call.metadata) ?? (this.knows(call.request.service) ? undefined : status(grpc.status.NOT_FOUND, `no service ${call.request.service}`));
    if (refused) {
      answer(refused);
    } else {
      answer(null, { status: this.current });
    }
  }

  watch(call: Watch): void {
    const refused = this.endpoint.refusal(call.metadata);
    if (refused) {
      call.emit("error", refused);
    } else if (this.knows(call.request.service)) {
      this.watchers.add(call);
      call.on("cancelled", () => this.watchers.delete(call));
      call.write({ status: this.current });
    } else {
      call.write({ status: serviceUnknown });
    }
  }

  endWatches(): void {
    for (const watch of this.watchers) {
      watch.end();
    }
  }

  private get current(): number {
    return this.ready ? serving : notServing;
  }

  private knows(service: string): boolean {
    return service === "" || service === "workerhost.v1.TaskEndpoint";
  }
}
