// The page that this worker shares with its supervisor (src/WorkerHost.Contracts/Ledger/LedgerLayout.cs). Node cannot map a file, but what is written
// to one is at once in the page cache, which the supervisor's mapping is, and survives kill -9 there.
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { Long64 } from "../wire.js";
import type { LaunchLine } from "./launch.js";

const magic = 0x3152_4744_454c_4857n;
const laneCountAt = 0x08;
const incarnationAt = 0x10;
const heartbeatAt = 0x18;
const stageAt = 0x20;
const finishedAt = 0x28;
const tracksAt = 0x40;
const trackCount = 16;
const trackSize = 16;
const lanesAt = tracksAt + trackCount * trackSize;
const laneSize = 32;

// Below that, one write carries everything; a page is written whole or not at all.
const fewLanes = 16;

const defaultHeartbeatMs = 1000;
const shortestHeartbeatMs = 10;

export const Stage = { processStarted: 1, listening: 2, ready: 4, draining: 5, initializing: 6, initialized: 7 } as const;

const LaneState = { running: 1, finished: 2 } as const;

export class Ledger {
  private readonly page: DataView;
  private readonly bytes: Uint8Array;
  private finished = 0;
  private dirty = false;

  private constructor(private readonly file: number, private readonly lanes: number) {
    this.bytes = new Uint8Array(lanesAt + lanes * laneSize);
    this.page = new DataView(this.bytes.buffer);
  }

  /** Undefined: there is none that can be used. The worker works all the same; its death is judged with less certainty. */
  static open(launch: LaunchLine): Ledger | undefined {
    if (!launch.ledger) {
      return undefined;
    }
    let file: number | undefined;
    try {
      file = openSync(launch.ledger, "r+");
      const head = Buffer.alloc(tracksAt);
      const lanes = readSync(file, head, 0, head.length, 0) === head.length ? head.readUInt32LE(laneCountAt) : 0;
      if (head.readBigUInt64LE(0) !== magic || head.readBigUInt64LE(incarnationAt) !== BigInt(launch.incarnation)) {
        throw new Error("it is no ledger of this worker");
      }
      if (lanes < launch.concurrency || fstatSync(file).size < lanesAt + lanes * laneSize) {
        throw new Error(`it has room for ${lanes} lanes and ${launch.concurrency} are asked for`);
      }
      return new Ledger(file, lanes);
    } catch (e) {
      if (file !== undefined) {
        closeSync(file);
      }
      console.error(`working without the ledger ${launch.ledger}: ${(e as Error).message}`);
      return undefined;
    }
  }

  /** From a thread of its own: a busy event loop is not a dead worker. */
  beat(milliseconds: number | undefined): void {
    const interval = Math.max(shortestHeartbeatMs, milliseconds ?? defaultHeartbeatMs);
    new Worker(
      `const { workerData: { file, at, interval } } = require("node:worker_threads");
       const { writeSync } = require("node:fs");
       const count = new BigUint64Array(1);
       const sleep = new Int32Array(new SharedArrayBuffer(4));
       for (;;) {
         count[0]++;
         writeSync(file, count, 0, 8, at);
         Atomics.wait(sleep, 0, 0, interval);
       }`,
      { eval: true, workerData: { file: this.file, at: heartbeatAt, interval }, execArgv: [], stdin: false, resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 } })
      .unref();
  }

  stage(stage: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(stage);
    writeSync(this.file, bytes, 0, 4, stageAt);
  }

  /** A session's start marks; -1: there is no room, and its tasks are judged conservatively. */
  openTrack(session: Long64): number {
    for (let track = 0; track < trackCount; track++) {
      const at = tracksAt + track * trackSize;
      if (this.page.getBigUint64(at, true) === 0n) {
        this.setKey(at, session);
        this.page.setBigUint64(at + 8, 0n, true);
        this.write(at, trackSize);
        return track;
      }
    }
    return -1;
  }

  closeTrack(track: number): void {
    if (track >= 0) {
      const at = tracksAt + track * trackSize;
      this.bytes.fill(0, at, at + trackSize);
      this.write(at, trackSize);
    }
  }

  /** Before user code runs. Sequences of one session start in their order, so the last is the highest. */
  start(lane: number, session: Long64, sequence: number, track: number): void {
    const at = lanesAt + lane * laneSize;
    this.setKey(at, session);
    this.setNumber(at + 8, sequence);
    this.page.setUint32(at + 16, LaneState.running, true);
    if (track >= 0) {
      this.setNumber(tracksAt + track * trackSize + 8, sequence);
    }
    if (this.lanes <= fewLanes) {
      this.write(finishedAt, this.bytes.length - finishedAt);
      this.dirty = false;
    } else {
      // The lane first: with its mark alone the task counts as running, which is right.
      this.write(at, laneSize);
      if (track >= 0) {
        this.write(tracksAt + track * trackSize, trackSize);
      }
    }
  }

  /** After user code has run. Written with the next start, or before the outcome leaves. */
  finish(lane: number): void {
    this.page.setUint32(lanesAt + lane * laneSize + 16, LaneState.finished, true);
    this.setNumber(finishedAt, ++this.finished);
    this.dirty = true;
  }

  flush(): void {
    if (this.dirty) {
      this.dirty = false;
      this.write(finishedAt, this.bytes.length - finishedAt);
    }
  }

  private setKey(at: number, session: Long64): void {
    this.page.setUint32(at, session.low >>> 0, true);
    this.page.setUint32(at + 4, session.high >>> 0, true);
  }

  private setNumber(at: number, value: number): void {
    this.page.setUint32(at, value >>> 0, true);
    this.page.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
  }

  private write(at: number, length: number): void {
    writeSync(this.file, this.bytes, at, length, at);
  }
}
