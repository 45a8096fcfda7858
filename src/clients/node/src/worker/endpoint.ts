// What the parts of the endpoint have in common.
import { timingSafeEqual } from "node:crypto";
import * as grpc from "@grpc/grpc-js";
import type { TaskDescription } from "../wire.js";
import type { TaskEntry } from "./context.js";
import type { Lanes } from "./lanes.js";
import type { LaunchLine } from "./launch.js";
import type { Ledger } from "./ledger.js";

export const capabilities = ["session", "chunks", "streams"] as const;

export class Endpoint {
  readonly worker: string;
  readonly capabilities: string[];
  draining = false;
  private readonly secret: Buffer | undefined;

  constructor(
    readonly launch: LaunchLine,
    readonly tasks: ReadonlyMap<string, TaskEntry>,
    readonly lanes: Lanes,
    readonly ledger: Ledger | undefined,
  ) {
    this.worker = `${launch.pool}/${launch.slot}#${launch.incarnation}`;
    this.capabilities = [...capabilities, ...(ledger ? ["ledger"] : [])];
    this.secret = launch.secret ? Buffer.from(`Bearer ${launch.secret}`) : undefined;
  }

  describe(): TaskDescription[] {
    return [...this.tasks.values()].map(({ name, contentType, yields }) => ({ name, contentTypes: [contentType], yieldsItems: yields }));
  }

  /** Undefined: the caller may come in. Where the address is a Unix socket its directory is the door. */
  refusal(metadata: grpc.Metadata): grpc.StatusObject | undefined {
    if (this.secret === undefined) {
      return undefined;
    }
    const shown = Buffer.from(String(metadata.get("authorization")[0] ?? ""));
    return shown.length === this.secret.length && timingSafeEqual(shown, this.secret)
      ? undefined
      : status(grpc.status.UNAUTHENTICATED, "only the supervisor may call this worker");
  }
}

export function status(code: grpc.status, details: string): grpc.StatusObject {
  return { code, details, metadata: new grpc.Metadata() };
}
