// The messages of the contract, as they are written and read. Field by field: protos/workerhost/v1.

/** A 64-bit number as it is read from the wire. What is written may be a plain number where it is below 2^53. */
export interface Long64 {
  low: number;
  high: number;
}

export type Wire64 = number | Long64;

export interface Duration {
  seconds: Wire64;
  nanos: number;
}

export interface RemoteErrorMessage {
  type: string;
  message: string;
  stackTrace: string;
  cause?: RemoteErrorMessage | null;
}

export interface DeathReportMessage {
  pool: string;
  slot: number;
  incarnation: Wire64;
  pid: number;
  uptime?: Duration | null;
  cause: number;
  exitCode: number;
  signal: string;
  reason: string;
  runningTasks: string[];
  lastOutput: string[];
  peakMemoryBytes: Wire64;
  next: string;
  tasksFinished: Wire64;
}

export const FailureKind = {
  taskFailed: 1,
  unknownTask: 2,
  badInput: 3,
  cancelled: 4,
  deadlineExceeded: 5,
  rejected: 6,
  noWorkers: 7,
  workerLost: 8,
  quarantined: 9,
} as const;

export interface TaskFailureMessage {
  kind: number;
  message: string;
  error?: RemoteErrorMessage | null;
  retryable?: boolean;
  retryAfter?: Duration | null;
  deaths?: DeathReportMessage[];
  taskId?: string;
  task?: string;
  worker?: string;
  neverStarted?: boolean;
  ranToCompletion?: boolean;
}

export interface TaskDescription {
  name: string;
  contentTypes: string[];
  yieldsItems: boolean;
  streaming?: boolean;
}

export interface ClientHello {
  minProtocol: number;
  maxProtocol: number;
  requiredCapabilities: string[];
  pool: string;
  client: string;
  sessionKey: Wire64;
  idPrefix: string;
  maxFrameBytes: Wire64;
  reportStarted: boolean;
  takesChunks: boolean;
  resumesSession: Wire64;
}

export interface EndpointHello {
  protocol: number;
  capabilities: string[];
  hostInstance: string;
  worker: string;
  incarnation: Wire64;
  concurrency: number;
  credit: number;
  tasks: TaskDescription[];
  maxFrameBytes: Wire64;
  maxMessageBytes: Wire64;
  abandonedAfterMs: Wire64;
}

export interface TaskSubmission {
  sequence: Wire64;
  task: string;
  contentType: string;
  data: Uint8Array;
  id: string;
  number: Wire64;
  attempt: number;
  timeLimitUs: Wire64;
  priority: number;
  idempotent: boolean;
  maxAttempts: number;
  affinityKey: string;
  headers: Record<string, string>;
  totalBytes: Wire64;
  upload: Wire64;
  streamItems: Wire64;
  streamBytes: Wire64;
  reportsProgress: boolean;
  attach: boolean;
}

export interface PayloadChunk {
  sequence: Wire64;
  offset: Wire64;
  data: Uint8Array;
  totalBytes: Wire64;
  abandoned: boolean;
}

export interface TaskOutcome {
  sequence: Wire64;
  data: Uint8Array;
  contentType: string;
  failure?: TaskFailureMessage | null;
  recalled: boolean;
  serviceUs: Wire64;
  totalBytes: Wire64;
}

export interface TaskProgress {
  sequence: Wire64;
  fraction: number;
  message: string;
  data: Uint8Array;
  contentType: string;
  isItem: boolean;
  totalBytes: Wire64;
  more: boolean;
}

export interface StreamCredit {
  sequence: Wire64;
  items: Wire64;
  bytes: Wire64;
}

export interface SessionRequest {
  hello?: ClientHello | null;
  tasks: TaskSubmission[];
  cancel: Wire64[];
  recall: Wire64[];
  chunks: PayloadChunk[];
  streamCredit: StreamCredit[];
  cancelCalls: Wire64[];
  outcomesSeen: Wire64;
}

export interface SessionResponse {
  hello?: EndpointHello | null;
  outcomes: TaskOutcome[];
  started: Wire64[];
  progress: TaskProgress[];
  chunks: PayloadChunk[];
  credit: number;
  draining: boolean;
}

export interface PayloadMessage {
  contentType: string;
  data: Uint8Array;
}

export interface RunRequest {
  id: string;
  task: string;
  payload?: PayloadMessage | null;
  timeLimit?: Duration | null;
  headers: Record<string, string>;
  attempt: number;
}

export interface RunResponse {
  result: PayloadMessage;
  id: string;
  worker: string;
  attempts: number;
}

export interface RunWithEventsRequest {
  task?: RunRequest | null;
  collectsItems: boolean;
}

export interface RunWithEventsResponse {
  started?: { id: string; worker: string; attempt: number };
  progress?: { fraction: number; message: string };
  item?: PayloadMessage;
  outcome?: RunResponse;
}

export interface DescribeResponse {
  pool: string;
  worker: string;
  hostInstance: string;
  tasks: TaskDescription[];
  capabilities: string[];
  concurrency: number;
  minProtocol: number;
  maxProtocol: number;
  maxMessageBytes: Wire64;
}
