export { Client, connect, type CloseOptions, type ConnectOptions, type StreamOptions } from "./client.js";
export type { TlsOptions } from "./address.js";
export {
  BadInput, HostRefused, HostUnavailable, NoWorkers, Quarantined, Rejected, TaskCancelled, TaskFailed, TaskTimeout, UnknownTask, VersionMismatch, WorkerHostError, WorkerLost,
  type DeathReport, type RemoteError,
} from "./errors.js";
export { startHost, type Host, type HostOptions, type PoolOptions } from "./host.js";
export type { MapOptions } from "./map.js";
export { Payload, protobuf, type TaskArguments } from "./payload.js";
export { TaskStream } from "./stream.js";
export type { TaskOptions, TaskReport } from "./task.js";
export type { TaskDescription } from "./wire.js";
