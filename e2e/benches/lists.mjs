// A desktop with 10,000 clients, 100 sites and 100,000 vouchers, of which 33,300 are sold: how soon each list is usable,
// how it scrolls and searches while the whole browser is slowed, and what the wasm memories hold. Frames of a scroll are timed while
// the list moves through the window; how many did not show its rows in all of its part of it is counted beside them.
// Arguments are the factors: `lists 4`. With DATABASE_URL what was filled is kept there for the next run.

import { Device, OWNER, Server, signIn, walkTo } from "../helpers.mjs";
import { bringBack, fill, tabMemory, wasmMemory, watchFor, whenSeen } from "../helpers/bench.mjs";
import { printTable, quantile } from "../helpers/figures.mjs";
import { until } from "../helpers/processes.mjs";
import { CHECK_HEAD, checkSlowing, rest, slowDown } from "../helpers/slow.mjs";

const factors = process.argv.slice(2).map(Number);
const FACTORS = factors.length > 0 ? factors : [1, 4];
const STEPS = 60;
/** A frame of a quick turn of a wheel or of a finger, and one of a dragged scroll bar, whose rows are all others. */
const WHEEL_PX = 240;
const FLING_PX = 1500;
/** How fast somebody types who looks at the list. */
const KEY_MS = 400;
/** A key that finds the same rows as the one before changes nothing on screen, and does not count. */
const ANSWER_MS = 8_000;
const LISTS = [
  { name: "clients", path: "/clients", rows: "clients", search: "#clients-search", text: "juma" },
  { name: "vouchers", path: "/vouchers/list", rows: "voucher-list", search: "#voucher-search", text: "k7" },
  { name: "sales", path: "/sales", rows: "sales", search: "#sales-search", text: "97" },
  { name: "sites", path: "/sites", rows: "sites", search: null },
];
const rowsOf = (list) => `[data-testid=${list.rows}] li`;

const loop = await Device.open("loop", { kind: "desktop" });
const checked = await checkSlowing(loop, FACTORS);
await loop.remove();
printTable("a known CPU loop, page and worker at once", CHECK_HEAD, checked);

const server = await Server.start();
await fill(server, "desk");
const desk = await Device.open("desk", { kind: "desktop" });
try {
  const begin = performance.now();
  await signIn(desk, server, OWNER);
  await desk.isReadyForOffline();
  await until(
    async () => /All safe/.test(await desk.page.getByTestId("sync-pill").textContent()),
    "everything to be here",
    240_000,
  );
  await desk.page.goto(server.url("/clients"));
  await desk.page.locator(rowsOf(LISTS[0])).first().waitFor({ timeout: 60_000 });
  console.log(`first sign-in and download: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  await server.stop();
  const rows = [];
  for (const factor of FACTORS) {
    for (const list of LISTS) {
      rows.push([`${list.name} ${factor}×`, ...(await measure(list, factor))]);
    }
  }
  printTable(
    "lists, ms",
    [
      ...["", "offline cold start", "opened in the app", "opened again"],
      ...[`frame p50, ${WHEEL_PX} px`, "p95", "bones", "page a frame"],
      ...[`frame p50, ${FLING_PX} px`, "p95", "bones", "page a frame"],
      ...["rows after it", "a key of a search"],
    ],
    rows,
  );
  const { app, worker } = await wasmMemory(desk.page);
  printTable("wasm memory, MB", ["UI", "worker", "both"], [[mb(app), mb(worker), mb(app + worker)]]);
} finally {
  await desk.remove();
  await server.remove();
}

function mb(bytes) {
  return (bytes / 1e6).toFixed(1);
}

async function measure(list, factor) {
  const memory = await tabMemory(desk.page);
  await desk.close();
  await bringBack(desk, memory, watchFor(rowsOf(list)));
  await rest();
  let restore = await slowDown(desk, factor);
  const { page } = desk;
  await page.goto(server.url(list.path), { waitUntil: "commit" });
  const cold = await whenSeen(page);
  await restore();
  // As after a start at another screen: what the list needs is not there yet.
  const again = await tabMemory(page);
  await desk.close();
  await bringBack(desk, again);
  await desk.page.goto(server.url("/settings"));
  await desk.page.getByTestId("sync-pill").waitFor();
  await rest();
  restore = await slowDown(desk, factor);
  const opened = await open(list);
  await walkTo(desk.page, "/settings");
  const second = await open(list);
  const wheel = await scroll(list, WHEEL_PX);
  const fling = await scroll(list, FLING_PX);
  const key = list.search ? await search(list) : 0;
  await restore();
  if (wheel.bones === wheel.times.length) {
    throw new Error(`no frame of a scroll showed rows of ${list.name}`);
  }
  return [cold, opened, second, ...told(wheel), ...told(fling), fling.rested, key];
}

/** Of all frames; how many of them lack rows; and what the page's main thread works for each. */
function told({ times, bones, busy }) {
  return [quantile(times, 0.5), quantile(times, 0.95), `${bones} of ${times.length}`, busy];
}

/** From the tap in the menu to rows on screen. */
async function open(list) {
  return desk.page.evaluate(
    ({ path, rows }) =>
      new Promise((resolve) => {
        const begin = performance.now();
        const look = () => {
          if (location.pathname === path && document.querySelector(rows)) {
            observer.disconnect();
            requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begin)));
          }
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { childList: true, subtree: true, attributes: true });
        history.pushState(null, "", path);
        dispatchEvent(new PopStateEvent("popstate"));
      }),
    { path: list.path, rows: rowsOf(list) },
  );
}

/**
 * The list is scrolled from its top to its end at most, each time between two frames, as input comes. `times` are those of the
 * frames in which it is in the window, `bones` is how many of them do not show rows in all of it; `rested` is until rows are there
 * after the last.
 */
async function scroll(list, px) {
  await desk.page.evaluate(() => scrollTo(0, 0));
  await desk.page.waitForTimeout(500);
  // It counts from when it is asked to.
  const session = await desk.context.newCDPSession(desk.page);
  await session.send("Performance.enable");
  const before = await busy(session);
  const frames = await scrolled(list, px);
  const after = await busy(session);
  await session.detach();
  return { ...frames, busy: (after - before) / frames.times.length };
}

/** How long the page's main thread has worked until now, in ms. */
async function busy(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration").value * 1000;
}

async function scrolled(list, px) {
  return desk.page.evaluate(
    ({ steps, px, name }) =>
      new Promise((resolve) => {
        const rows = document.querySelector(`[data-testid=${name}]`);
        const place = rows.closest(".list-space") ?? rows;
        const inWindow = ({ top, bottom }) => Math.max(0, Math.min(innerHeight, bottom) - Math.max(0, top));
        const wanted = () => inWindow(place.getBoundingClientRect());
        // A row without a word is a bone.
        const showsRows = () => {
          const words = [...rows.children].filter((row) => row.textContent.trim() !== "");
          const heights = words.map((row) => inWindow(row.getBoundingClientRect()));
          return heights.reduce((sum, height) => sum + height, 0) > wanted() - 2;
        };
        const times = [];
        let bones = 0;
        let last = performance.now();
        const settle = () => {
          if (showsRows()) {
            resolve({ times, bones, rested: performance.now() - last });
          } else {
            requestAnimationFrame(settle);
          }
        };
        const step = () => {
          const now = performance.now();
          if (wanted() > 0) {
            times.push(now - last);
            bones += showsRows() ? 0 : 1;
          }
          last = now;
          if (times.length === steps || place.getBoundingClientRect().bottom <= innerHeight) {
            settle();
          } else {
            input.port2.postMessage(null);
          }
        };
        const input = new MessageChannel();
        input.port1.onmessage = () => {
          scrollBy(0, px);
          requestAnimationFrame(step);
        };
        // The first frame is only where time begins.
        requestAnimationFrame(() => {
          last = performance.now();
          input.port2.postMessage(null);
        });
      }),
    { steps: STEPS, px, name: list.rows },
  );
}

/** The slowest of the keys of one search: from the key to other rows on screen. */
async function search(list) {
  const { page } = desk;
  await page.evaluate(() => scrollTo(0, 0));
  await page.locator(list.search).focus();
  const times = [];
  for (const letter of list.text) {
    await page.evaluate((rows) => {
      window.answered = null;
      addEventListener("keydown", (event) => (window.keyed = event.timeStamp), { once: true, capture: true });
      const text = () => document.querySelector(rows)?.closest("ul, main").textContent;
      const before = text();
      const observer = new MutationObserver(() => {
        const now = text();
        if (now !== before) {
          observer.disconnect();
          requestAnimationFrame(() => setTimeout(() => (window.answered = performance.now() - window.keyed)));
        }
      });
      observer.observe(document.querySelector("main"), { childList: true, subtree: true, characterData: true });
    }, rowsOf(list));
    await page.keyboard.press(letter);
    const answered = await page.waitForFunction(() => window.answered, null, { timeout: ANSWER_MS }).catch(() => null);
    if (answered) {
      times.push(await answered.jsonValue());
    }
    await page.waitForTimeout(KEY_MS);
  }
  if (times.length === 0) {
    throw new Error(`no key of a search changed the list of ${list.name}`);
  }
  return Math.max(...times);
}
