// An agent's phone: from nothing to "can sell" without any network, and from the tap to a sale that is durable, with
// the whole browser slowed. First for an agent of one day, then after a year of a hundred sales a day. Arguments are other days,
// and factors: `device 365 4x`.

import assert from "node:assert/strict";

import { ASHA, Device, fillIn, PHONE, Server, signIn, until } from "../helpers.mjs";
import { bringBack, fill, tabMemory, watchFor, whenSeen } from "../helpers/bench.mjs";
import { median, printTable, quantile } from "../helpers/figures.mjs";
import { CHECK_HEAD, checkSlowing, rest, slowDown } from "../helpers/slow.mjs";

const factors = process.argv.filter((text) => /^[\d.]+x$/.test(text)).map((text) => Number.parseFloat(text));
const FACTORS = factors.length > 0 ? factors : [1, 4, 6];
const STARTS = 5;
const SALES = 50;
const CAN_SELL = watchFor("button.tile:not(.tile-none)");

async function validate() {
  const device = await Device.open("loop", { kind: "phone" });
  const rows = await checkSlowing(device, FACTORS);
  await device.remove();
  printTable("a known CPU loop, page and worker at once", CHECK_HEAD, rows);
}

async function agent(days) {
  const server = await Server.start();
  await fill(server, "agent", days);
  const phone = await Device.open("asha", { kind: "phone" });
  try {
    const begin = performance.now();
    await signIn(phone, server, ASHA);
    await phone.isReadyForOffline();
    await phone.page.goto(server.url("/sell"));
    await phone.page.locator("button.tile:not(.tile-none)").first().waitFor({ timeout: 300_000 });
    await until(
      async () => /All safe/.test(await phone.page.getByTestId("sync-pill").textContent()),
      "everything to be here",
      120_000,
    );
    const firstSync = (performance.now() - begin) / 1000;
    await server.stop();
    console.log(`\n=== an agent with ${days * 100} sales; first sign-in and download ${firstSync.toFixed(1)} s`);
    const address = server.url("/sell");
    const starts = [];
    const sales = [];
    for (const factor of FACTORS) {
      starts.push([`${factor}×`, ...(await coldStarts(phone, address, factor))]);
      sales.push([`${factor}×`, ...(await sellMany(phone, factor))]);
    }
    printTable(
      `offline cold start, ms from navigation (median of ${STARTS}, worst)`,
      ["slowed", "first paint", "can sell", "worst", "password asked", "password to can sell"],
      starts,
    );
    printTable(
      `tap to durably sold, ms (${SALES} sales)`,
      ["slowed", "p50", "p95", "worst", "first", "taps a sale"],
      sales,
    );
  } finally {
    await phone.remove();
    await server.remove();
  }
}

/** Ends with the phone open at the till. */
async function coldStarts(phone, address, factor) {
  const paints = [];
  const canSell = [];
  for (let run = 0; run < STARTS; run += 1) {
    const memory = await tabMemory(phone.page);
    await phone.close();
    await bringBack(phone, memory, CAN_SELL);
    await rest();
    const restore = await slowDown(phone, factor);
    await phone.page.goto(address, { waitUntil: "commit" });
    canSell.push(await whenSeen(phone.page));
    paints.push(await phone.page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime));
    await restore();
  }
  const password = await withPassword(phone, address, factor);
  return [median(paints), median(canSell), Math.max(...canSell), ...password];
}

/** After the browser was closed, the password opens the stores. */
async function withPassword(phone, address, factor) {
  await phone.close();
  await phone.open();
  await rest();
  await phone.context.addInitScript(watchFor("#password"));
  const restore = await slowDown(phone, factor);
  await phone.page.goto(address, { waitUntil: "commit" });
  const asked = await whenSeen(phone.page);
  await restore();
  await phone.page.evaluate(CAN_SELL);
  await phone.page.evaluate(() =>
    document.addEventListener("submit", (event) => (window.submitted = event.timeStamp), true),
  );
  const restoreAgain = await slowDown(phone, factor);
  await fillIn(phone.page, { password: ASHA.password });
  const seen = await whenSeen(phone.page);
  const submitted = await phone.page.evaluate(() => window.submitted);
  await restoreAgain();
  return [asked, seen - submitted];
}

async function sellMany(phone, factor) {
  const { page } = phone;
  const tile = page.locator("button.tile:not(.tile-none)").first();
  const cash = page.locator(".paybar-cash:not([disabled])");
  await page.evaluate(() => {
    window.taps = [];
    window.sold = [];
    let tapped = null;
    document.addEventListener("pointerdown", (event) => {
      window.taps.push(event.timeStamp);
      if (event.target.closest(".paybar-cash")) {
        tapped = event.timeStamp;
      }
    });
    new MutationObserver(() => {
      if (tapped !== null && document.querySelector("[data-testid=receipt]")) {
        const from = tapped;
        tapped = null;
        requestAnimationFrame(() => setTimeout(() => window.sold.push(performance.now() - from)));
      }
    }).observe(document.body, { childList: true, subtree: true });
  });
  const restore = await slowDown(phone, factor);
  for (let sale = 0; sale < SALES; sale += 1) {
    if (sale === 0) {
      await tile.tap();
    } else {
      await page.getByRole("link", { name: "Sell again" }).tap();
    }
    await cash.tap();
    await until(() => page.evaluate((sale) => window.sold.length > sale, sale), "the receipt", 60_000);
  }
  await restore();
  const { taps, sold } = await page.evaluate(() => ({ taps: window.taps.length, sold: window.sold }));
  assert.equal(sold.length, SALES);
  assert.ok(page.viewportSize().width === PHONE.width);
  return [median(sold), quantile(sold, 0.95), Math.max(...sold), sold[0], taps / SALES];
}

const days = process.argv.slice(2).map(Number).filter((count) => count > 0);
await validate();
for (const count of days.length > 0 ? days : [1, 365]) {
  await agent(count);
}
