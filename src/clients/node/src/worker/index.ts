export { Retryable, type Handler, type HandlerOptions, type TaskContext } from "./context.js";
export { Payload, protobuf } from "../payload.js";
export { ExitCode } from "./launch.js";
export { createWorker, TaskWorker, type RunOptions } from "./worker.js";
