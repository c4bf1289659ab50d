// A whole browser made slower, workers included: CDP's own throttling reaches only the page's main thread. All its
// processes run for a short slice and are stopped for the rest, over and over, as on a phone with slower cores.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readlinkSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { processesOf } from "./device.mjs";

const PERIOD_MS = 8;

/** Answers a function that makes the browser as fast as before. `factor` 1 changes nothing. */
export async function slowDown(device, factor) {
  if (factor === 1) {
    return async () => {};
  }
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const roots = processesOf(device.profile);
  // On a thread of its own, so that nothing which the bench does moves the slices.
  const worker = new Worker(new URL(import.meta.url), { workerData: { stop, roots, factor: asking(factor) } });
  await once(worker, "message");
  return async () => {
    const ended = once(worker, "exit");
    Atomics.store(stop, 0, 1);
    await ended;
  };
}

function run({ stop, roots, factor }) {
  const never = new Int32Array(new SharedArrayBuffer(4));
  const sleep = (ms) => Atomics.wait(never, 0, 0, ms);
  let all = tree(roots);
  comeFirst();
  let running = performance.now();
  parentPort.postMessage("begun");
  while (Atomics.load(stop, 0) === 0) {
    sleep(PERIOD_MS / factor);
    signal(all, "SIGSTOP");
    const stopped = performance.now();
    const known = all.size;
    all = tree(roots);
    if (all.size > known) {
      signal(all, "SIGSTOP");
    }
    // What the slice really took, and not what it should have: sleeping is not exact.
    sleep(running + (stopped - running) * factor - performance.now());
    running = performance.now();
    signal(all, "SIGCONT");
  }
}

/**
 * Ahead of what it slows, where we may ask for that: the browser's own threads keep it waiting otherwise, and what should
 * be a slice of two milliseconds was seen to be a hundred, at full speed.
 */
function comeFirst() {
  try {
    const thread = readlinkSync("/proc/thread-self").split("/").at(-1);
    execFileSync("chrt", ["--fifo", "--pid", "50", thread], { stdio: "ignore" });
  } catch {
    // Not root. The known loop tells how true it is.
  }
}

function signal(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** The processes and everything they started, since a browser starts some at any time. */
function tree(roots) {
  const all = new Set(roots);
  for (const pid of all) {
    for (const child of childrenOf(pid)) {
      all.add(child);
    }
  }
  return all;
}

function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** How long a fixed piece of work takes in the page and in a worker of it, both at once, in milliseconds. */
export async function cpuLoop(page) {
  return page.evaluate(async () => {
    const work = () => {
      const begin = performance.now();
      let x = 88_172_645;
      for (let round = 0; round < 100_000_000; round += 1) {
        x ^= x << 13;
        x ^= x >>> 17;
        x ^= x << 5;
      }
      return performance.now() - begin + (x === 0 ? 1 : 0);
    };
    const source = `postMessage("ready"); onmessage = () => postMessage((${work})())`;
    const worker = new Worker(URL.createObjectURL(new Blob([source])));
    // Once before, so that both are compiled as well as they will be.
    work();
    const said = () => new Promise((resolve) => (worker.onmessage = (event) => resolve(event.data)));
    await said();
    worker.postMessage("go");
    await said();
    const inWorker = said();
    worker.postMessage("go");
    const inPage = work();
    const times = { page: inPage, worker: await inWorker };
    worker.terminate();
    return times;
  });
}

/** A browser that has just been started works for itself for some seconds. */
const REST_MS = 4_000;

export const rest = () => new Promise((resolve) => setTimeout(resolve, REST_MS));

/** More than this off, and what was measured while slowed says nothing. */
const OFF_MAX = 0.15;

/** What to ask for so that the known loop really takes so many times as long: waking takes its part of each slice. */
const asked = new Map();
const TRIES = 5;

/**
 * Finds for each factor what makes the known loop that much slower, which `slowDown` asks for from then on, and measures at
 * full speed once more. As rows for a table: what was wanted, what had to be asked for, and what page and worker saw. On a
 * machine where others work as well they see something else each time, and the last column says so.
 */
export async function checkSlowing(device, factors) {
  await rest();
  const whole = await cpuLoop(device.page);
  const rows = [];
  for (const factor of [...factors, 1]) {
    for (let tries = 1; ; tries += 1) {
      const restore = await slowDown(device, factor);
      const times = await cpuLoop(device.page);
      await restore();
      const seen = [times.page / whole.page, times.worker / whole.worker];
      const isTrue = seen.every((one) => Math.abs(one / factor - 1) <= OFF_MAX);
      if (isTrue || factor === 1 || tries === TRIES) {
        rows.push([`${factor}×`, asking(factor), times.page, times.worker, ...seen, isTrue ? "valid" : "NOT VALID"]);
        break;
      }
      asked.set(factor, Math.max(1.2, (asking(factor) * factor * 2) / (seen[0] + seen[1])));
    }
  }
  return rows;
}

const asking = (factor) => asked.get(factor) ?? factor;

export const CHECK_HEAD = ["slowed", "asked for", "page ms", "worker ms", "× page", "× worker", "within 15 %"];

if (!isMainThread && workerData?.roots) {
  run(workerData);
}
