export { Client, connect, type CloseOptions, type StreamOptions } from "./client.js";
export type { ConnectOptions } from "./connect-options.js";
export type { TlsOptions } from "./address.js";
export {
  BadInput, HostRefused, HostUnavailable, NoWorkers, Quarantined, Rejected, TaskCancelled, TaskFailed, TaskTimeout, UnknownTask, VersionMismatch, WorkerHostError, WorkerLost,
  type DeathReport, type RemoteError,
} from "./errors.js";
export { startHost, type Host } from "./host.js";
export type { HostOptions, PoolOptions } from "./host-options.js";
export type { MapOptions } from "./map.js";
export { Payload, protobuf, type TaskArguments } from "./payload.js";
export { TaskStream } from "./stream.js";
export type { TaskOptions, TaskReport } from "./task.js";
export type { TaskDescription } from "./wire.js";
