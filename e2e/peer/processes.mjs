// What the kernel says about processes. Both sides are measured by these, so that they are measured alike.

import { readFileSync, readdirSync } from "node:fs";

const TICKS_PER_SECOND = 100;

function fieldsOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may hold blanks.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** A process and everything that descends from it. */
export function family(pid) {
  const parents = new Map();
  for (const name of readdirSync("/proc")) {
    if (/^\d+$/.test(name)) {
      const fields = fieldsOf(name);
      if (fields) parents.set(Number(name), Number(fields[1]));
    }
  }
  const members = [pid];
  for (const member of members) {
    for (const [child, parent] of parents) if (parent === member) members.push(child);
  }
  return members;
}

/** Seconds of processor time of these processes, and of their children that have ended. */
export function cpuSeconds(pids) {
  let ticks = 0;
  for (const pid of pids) {
    const fields = fieldsOf(pid);
    if (!fields) continue;
    for (const index of [11, 12, 13, 14]) ticks += Number(fields[index]);
  }
  return ticks / TICKS_PER_SECOND;
}

/** MB in memory, what is shared divided among those that share it. */
export function memoryMb(pids) {
  let kilobytes = 0;
  for (const pid of pids) {
    try {
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(rollup)[1]);
    } catch {
      // It has ended.
    }
  }
  return kilobytes / 1024;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(what, seconds, test) {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    if (await test()) return;
    await sleep(20);
  }
  throw new Error(`${what}: not within ${seconds} s`);
}
