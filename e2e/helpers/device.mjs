// One person's device: a Chromium of its own with a profile on disk, so that it can be closed,
// killed, reopened and cloned like a phone.

import { cpSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { removeFolder, temporaryFolder, until } from "./processes.mjs";
import { required } from "./server.mjs";

export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1440, height: 900 };

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Long enough for a machine of two cores that does something else as well; no story measures with it. */
const ACTION_TIMEOUT_MS = 30_000;
/** The app looks after its service worker four seconds after the start, and fetches all of itself then. */
const OFFLINE_MS_MAX = 90_000;

export class Device {
  #options;
  /** Through every closing and opening, as with a phone. */
  #hasNoSignal = false;

  /** Errors of pages and of their console, which a story may want to be empty. */
  problems = [];

  static async open(name, options = {}) {
    const device = new Device();
    device.name = name;
    device.#options = options;
    device.profile = options.profile ?? temporaryFolder(`profile-${name}`);
    await device.open();
    return device;
  }

  /** "phone" or "desktop". */
  get kind() {
    return this.#options.kind ?? "phone";
  }

  /** Opens the browser (again) on the same profile. The page is blank until the story goes somewhere. */
  async open() {
    const { locale = "en-GB", colorScheme = "light" } = this.#options;
    const isPhone = this.kind === "phone";
    this.context = await chromium.launchPersistentContext(this.profile, {
      executablePath: required("VIORNET_CHROMIUM"),
      args: FLAGS,
      viewport: isPhone ? PHONE : DESKTOP,
      deviceScaleFactor: isPhone ? 2 : 1,
      isMobile: isPhone,
      hasTouch: isPhone,
      locale,
      colorScheme,
      timezoneId: "Africa/Dar_es_Salaam",
      reducedMotion: "reduce",
      acceptDownloads: true,
      offline: this.#hasNoSignal,
    });
    this.context.setDefaultTimeout(ACTION_TIMEOUT_MS);
    this.context.on("weberror", (error) => this.problems.push(String(error.error())));
    this.context.on("console", (message) => {
      if (message.type() === "error") {
        this.problems.push(message.text());
      }
    });
    this.page = this.context.pages()[0] ?? (await this.context.newPage());
  }

  /** Quietly: the browser says goodbye to its stores. */
  async close() {
    await this.context.close();
  }

  /** Like a battery taken out: the whole tree of processes at once. No page gets a chance to save anything. */
  async kill() {
    const closed = new Promise((resolve) => this.context.once("close", resolve));
    const all = treeOf(processesOf(this.profile));
    for (const pid of all) {
      signal(pid, "SIGKILL");
    }
    await closed;
    await until(() => !all.some(isAlive), `${this.name}'s browser to be gone`);
    rmSync(join(this.profile, "SingletonLock"), { force: true });
  }

  async reopen() {
    await this.close();
    await this.open();
  }

  /** No signal for pages, workers and service workers of this device; the server may be up. */
  async goOffline() {
    this.#hasNoSignal = true;
    await this.context.setOffline(true);
  }

  async goOnline() {
    this.#hasNoSignal = false;
    await this.context.setOffline(false);
  }

  /** A second device with a copy of everything stored on this one. Close this one first. */
  async clone(name) {
    const copy = temporaryFolder(`profile-${name}`);
    cpSync(this.profile, copy, { recursive: true, filter: (path) => !/\/Singleton/.test(path) });
    return Device.open(name, { ...this.#options, profile: copy });
  }

  /** Resolves once the service worker can start the app without the server. */
  async isReadyForOffline() {
    await this.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    // The office's module comes after what sells.
    await this.page.waitForFunction(async () => {
      const kept = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
      return kept.flat().some(({ url }) => url.endsWith("/office_bg.wasm"));
    }, undefined, { timeout: OFFLINE_MS_MAX });
  }

  async remove() {
    await this.context.close().catch(() => {});
    removeFolder(this.profile);
  }
}

/** The browser's own processes, found by the profile folder that they carry; most of their children carry nothing. */
export function processesOf(profile) {
  return processes().filter((pid) => readProcess(pid, "cmdline").includes(`--user-data-dir=${profile}\0`));
}

/** Processes with everything they started. */
function treeOf(pids) {
  const parents = new Map(processes().map((pid) => [pid, parentOf(pid)]));
  const all = [...pids];
  // Children found on the way are looked at in their turn.
  for (const parent of all) {
    all.push(...[...parents.keys()].filter((pid) => parents.get(pid) === parent && !all.includes(pid)));
  }
  return all;
}

function processes() {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Empty when the process has gone. */
function readProcess(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

/** After the name, which may hold anything, in brackets: the state and the parent. */
const statOf = (pid) => readProcess(pid, "stat").split(") ").at(-1).split(" ");
const parentOf = (pid) => Number(statOf(pid)[1]);
const isAlive = (pid) => !["", "Z", "X"].includes(statOf(pid)[0]);

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

/** The process that runs a page and its worker: the one that works when the page is told to. */
export async function rendererOf(device, page) {
  const renderers = treeOf(processesOf(device.profile)).filter((pid) =>
    readProcess(pid, "cmdline").includes("--type=renderer"),
  );
  // Ticks of work, in the process and in the kernel.
  const worked = (pid) => Number(statOf(pid)[11]) + Number(statOf(pid)[12]);
  const before = new Map(renderers.map((pid) => [pid, worked(pid)]));
  await page.evaluate(() => {
    const end = performance.now() + 400;
    while (performance.now() < end);
  });
  const more = (pid) => worked(pid) - before.get(pid);
  return renderers.reduce((most, pid) => (more(pid) > more(most) ? pid : most));
}
