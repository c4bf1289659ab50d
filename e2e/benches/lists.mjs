// A desktop with 10,000 clients, 100 sites and 100,000 vouchers, of which 33,300 are sold: how soon each list is usable,
// how it scrolls and searches while the whole browser is slowed, and what the wasm memories hold. Arguments are the factors:
// `lists 4`. With DATABASE_URL what was filled is kept there for the next run.

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
const LISTS = [
  { name: "clients", path: "/clients", rows: "clients", search: "#clients-search", text: "juma" },
  { name: "vouchers", path: "/vouchers/list", rows: "voucher-list", search: "#voucher-search", text: "k7" },
  { name: "sales", path: "/sales", rows: "sales", search: "#sales-search", text: "97" },
  { name: "sites", path: "/sites", rows: "sites", search: null },
];
const rowsOf = (list) => `[data-testid=${list.rows}] li:not(:has(.list-wait))`;

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
      ...[`frame p50, ${WHEEL_PX} px`, "p95", `frame p50, ${FLING_PX} px`, "p95", "rows after it", "a key of a search"],
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
  const quantiles = ({ frames }) => [quantile(frames, 0.5), quantile(frames, 0.95)];
  return [cold, opened, second, ...quantiles(wheel), ...quantiles(fling), fling.rested, key];
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

/** The time of each frame while the list is scrolled from its top, and until there are rows on screen after that. */
async function scroll(list, px) {
  await desk.page.evaluate(() => scrollTo(0, 0));
  await desk.page.waitForTimeout(500);
  return desk.page.evaluate(
    ({ steps, px, rows }) =>
      new Promise((resolve) => {
        const frames = [];
        let last = performance.now();
        const isSeen = (row) => {
          const { top, bottom } = row.getBoundingClientRect();
          return bottom > innerHeight / 2 && top < innerHeight / 2;
        };
        const settle = () => {
          if ([...document.querySelectorAll(rows)].some(isSeen)) {
            resolve({ frames: frames.slice(1), rested: performance.now() - last });
          } else {
            requestAnimationFrame(settle);
          }
        };
        const step = () => {
          const now = performance.now();
          frames.push(now - last);
          last = now;
          if (frames.length > steps) {
            settle();
            return;
          }
          scrollBy(0, px);
          requestAnimationFrame(step);
        };
        requestAnimationFrame(step);
      }),
    { steps: STEPS, px, rows: rowsOf(list) },
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
    times.push(await until(() => page.evaluate(() => window.answered), `an answer to ${letter} in ${list.name}`, 30_000));
  }
  return Math.max(...times);
}
