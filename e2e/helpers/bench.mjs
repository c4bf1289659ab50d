// What benches and long proofs share: the seeder, a server that is filled, a phone that remembers who was unlocked.

import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { promisify } from "node:util";

import { until } from "./processes.mjs";
import { required } from "./server.mjs";

const run = promisify(execFile);

/** Fills the database of a fresh server with `sync-server/examples/fill.rs`. */
export async function fill(server, ...args) {
  const program = required("VIORNET_FILL");
  // Another build of it may fill otherwise.
  const { size, mtimeMs } = statSync(program);
  const name = ["filled", ...args, size, Math.round(mtimeMs)].join("_");
  await server.fill(name, async (database) => {
    await run(program, args.map(String), {
      env: { ...process.env, DATABASE_URL: database, RUST_LOG: "warn" },
      maxBuffer: 1 << 26,
    });
  });
}

/** The tab's `sessionStorage`, which Android keeps of a tab whose process it ended, and a closed browser does not. */
export async function tabMemory(page) {
  return page.evaluate(() => JSON.stringify({ ...sessionStorage }));
}

/**
 * Opens the browser again as a phone brings back a tab that was ended: same profile, same tab memory. What happens on
 * the page is noted by `watch`, which runs before its scripts.
 */
export async function bringBack(device, memory, watch) {
  await device.open();
  await device.context.addInitScript((memory) => {
    if (!sessionStorage.length) {
      for (const [key, value] of Object.entries(JSON.parse(memory))) {
        sessionStorage.setItem(key, value);
      }
    }
  }, memory);
  if (watch) {
    await device.context.addInitScript(watch);
  }
}

/** In the page: when something that `selector` finds was first on screen, in ms since the navigation began. */
export const watchFor = (selector) => `(() => {
  window.seen = null;
  const observer = new MutationObserver(() => {
    if (document.querySelector(${JSON.stringify(selector)})) {
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => (window.seen = performance.now())));
    }
  });
  observer.observe(document, { childList: true, subtree: true, attributes: true });
})()`;

/** When it was seen. */
export async function whenSeen(page, timeoutMs = 120_000) {
  return until(() => page.evaluate(() => window.seen), "it to be on screen", timeoutMs);
}

/** Bytes that the two wasm modules of a page hold. The loaded module is asked once more for itself. */
export async function wasmMemory(page) {
  const own = (url) => import(url).then(async (module) => (await module.default()).memory.buffer.byteLength);
  const app = await page.evaluate(() => {
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
    // Where the office was wanted last, it is started instead of the till.
    return loaded.find((name) => name.endsWith("/office.js")) ?? document.querySelector("link[rel=modulepreload]").href;
  });
  const [worker] = page.workers();
  const module = new URL("module.js", worker.url()).href;
  return { app: await page.evaluate(own, app), worker: await worker.evaluate(own, module) };
}
