// What everybody does in the app: walk by the menu, unlock, watch the sync pill, sell, read sales.

import assert from "node:assert/strict";

import { until } from "./processes.mjs";

/** A device waits up to a minute between two tries to connect. */
const CONNECT_MS_MAX = 90_000;
/** Whoever sees nothing happen for so long taps again. */
const TAP_AGAIN_MS = 10_000;

/** Fills fields by id and sends the form they are in. */
export async function fillIn(page, values) {
  let form = null;
  for (const [id, value] of Object.entries(values)) {
    const field = page.locator(`#${id}`);
    await field.fill(value);
    form = page.locator("form", { has: field });
  }
  await form.locator("button[type=submit]").click();
}

/**
 * Opens a screen by the main menu; on a phone it may be behind "More". Right after the first sign-in the menu grows while
 * rights arrive: a click whose link moves away from under it is lost, and made again.
 */
export async function goTo(page, name) {
  const menu = page.getByRole("navigation", { name: "Main menu" });
  const link = menu.getByRole("link", { name, exact: true });
  const more = menu.getByRole("button", { name: "More" });
  const heading = page.getByRole("heading", { name, exact: true, level: 1 });
  const isOpen = async () => {
    await link.or(more).first().waitFor();
    if (!(await link.isVisible())) {
      await more.click();
    }
    await link.click();
    return heading.waitFor({ timeout: 5_000 }).then(
      () => true,
      () => false,
    );
  };
  await until(isOpen, `the screen ${name}`, 60_000);
}

/** Opens an address on a device that knows its person, and unlocks with the password alone. */
export async function unlock(device, url, { password }) {
  // In front, since Chromium paints a tab behind another so rarely that each tap in it takes seconds.
  await device.page.bringToFront();
  await device.page.goto(url);
  await fillIn(device.page, { password });
  await device.page.getByTestId("sync-pill").waitFor();
}

/** Waits until the pill of the header says something, and answers its words. */
export async function pillSays(device, words, timeoutMs = CONNECT_MS_MAX) {
  const pill = device.page.getByTestId("sync-pill");
  let last = "";
  const says = async () => {
    last = await pill.textContent();
    return words.test(last) && last;
  };
  return until(says, `${device.name}'s pill to say ${words}`, timeoutMs).catch((error) => {
    throw new Error(`${error.message}; it says ${last}`);
  });
}

/**
 * As somebody does who sees the signal come back, and not before the pill has said that all is safe. That may still be of
 * before the last sale: what was asked before the tap is on screen when the tap has its answer. A tap while a try is under way
 * begins no other, and the tap is made again when that try has failed.
 */
export async function sync(device) {
  const { page } = device;
  await goTo(page, "Sync");
  const button = page.locator("button").filter({ hasText: /^Sync now$/ });
  let last = null;
  const isSafe = async () => {
    await button.click();
    await button.and(page.locator(":not([aria-busy])")).waitFor();
    return pillSays(device, /All safe/, TAP_AGAIN_MS).catch((error) => {
      last = error;
      return false;
    });
  };
  await until(isSafe, `${device.name} to be safe`, CONNECT_MS_MAX).catch((error) => {
    throw last ?? error;
  });
}

/** Waits until the server has everything that was done here, whatever else the pill has to say. */
export async function hasSentAll({ page }) {
  await goTo(page, "Sync");
  await page.getByTestId("pending").getByText("Everything is safe on the server.").waitFor();
}

/** Waits until this many vouchers can be sold from this device. */
export async function hasStock(device, count) {
  await goTo(device.page, "My stock");
  const left = device.page.getByTestId("stock-left").filter({ hasText: new RegExp(`^${count} vouchers? left`) });
  await left.waitFor();
}

/** Waits until nothing can be sold from this device. */
export async function hasNoStock(device) {
  await goTo(device.page, "My stock");
  await device.page.getByText("No vouchers on this device").waitFor();
}

/** One sale at the till, up to its receipt; answers what the client reads there. */
export async function sell(device, { packageName, method = "Cash", reference, client }) {
  const { page } = device;
  await goTo(page, "Sell");
  const tile = page.locator(".tile-name", { hasText: new RegExp(`^${packageName}$`) });
  await page.locator("button.tile", { has: tile }).click();
  if (client) {
    await page.getByRole("button", { name: "Client: Walk-in" }).click();
    await page.getByRole("button", { name: "New client" }).click();
    await fillIn(page, { "client-name": client.name, "client-phone": client.phone });
    await page.getByRole("button", { name: `Client: ${client.name}` }).waitFor();
  }
  if (method === "Cash") {
    await page.getByRole("button", { name: "Cash paid" }).click();
  } else {
    await page.getByRole("button", { name: method, exact: true }).click();
    await fillIn(page, { reference });
  }
  await page.getByRole("heading", { name: "Sold" }).waitFor();
  return { packageName, method, reference, client, ...(await readReceipt(page)) };
}

/** The receipt on screen. */
export async function readReceipt(page) {
  const receipt = page.getByTestId("receipt");
  await receipt.waitFor();
  return {
    receipt: await receipt.getByTestId("receipt-number").textContent(),
    total: number(await receipt.getByTestId("receipt-total").textContent()),
    code: await receipt.getByTestId("code").first().textContent(),
    state: await receipt.getByTestId("safety").textContent(),
  };
}

/** The rows of the screen Sales as it opens: receipt number and state of each, newest first. */
export async function readSales(page) {
  await goTo(page, "Sales");
  await page.getByTestId("sales").waitFor();
  return salesShown(page);
}

function salesShown(page) {
  return page
    .getByTestId("sales")
    .getByRole("listitem")
    .evaluateAll((rows) =>
      rows.map((row) => ({
        receipt: row.querySelector(".sale-receipt")?.textContent,
        person: row.querySelector(".sale-person")?.textContent,
        state: row.querySelector(".sale-state")?.textContent,
      })),
    );
}

/**
 * Waits until the screen Sales lists exactly these sales, each in such a state; answers its rows. What others have sold
 * comes when it comes: that all is safe says nothing of it.
 */
export async function listsSales({ name, page }, sales, state = /./) {
  const expected = JSON.stringify(sales.map((sale) => sale.receipt).sort());
  await goTo(page, "Sales");
  let rows = [];
  const isListed = async () => {
    rows = await salesShown(page);
    return JSON.stringify(rows.map((row) => row.receipt).sort()) === expected && rows.every((row) => state.test(row.state));
  };
  await until(isListed, `${name} to list ${expected}, all as ${state}`, CONNECT_MS_MAX).catch((error) => {
    throw new Error(`${error.message}; it lists ${JSON.stringify(rows)}`);
  });
  return rows;
}

/** The receipt numbers of the sales that wait to be sent. */
export async function pendingReceipts({ page }) {
  await goTo(page, "Sync");
  const pending = page.getByTestId("pending");
  // The heading stands there before the list has come.
  await pending.waitFor();
  const rows = await pending.getByRole("listitem").allTextContents();
  return rows.map((row) => /^Sale (\S+)/.exec(row)[1]).sort();
}

/** Opens one sale from the list, by the icon in its row, and the page stays the same. */
export async function openSale({ page }, receipt) {
  await goTo(page, "Sales");
  const born = await page.evaluate(() => performance.timeOrigin);
  await page.getByTestId("sales").getByRole("link").filter({ hasText: receipt }).locator("svg").first().click();
  await page.getByTestId("receipt").waitFor();
  assert.equal(await page.evaluate(() => performance.timeOrigin), born, "the page was loaded anew");
}

/** The digits of an amount or a count on screen. */
export function number(text) {
  return Number(text.replace(/[^\d]/g, ""));
}

/** An amount of shillings as PostgreSQL has it: ISO 4217 gives them cents, though nobody has any. */
export function inMinorUnits(shillings) {
  return `${shillings * 100}`;
}

/** By the person's menu, as one would. */
export async function speak({ page }, language) {
  await page.locator(".person-menu > button").click();
  await page.getByRole("button", { name: language }).click();
  await page.keyboard.press("Escape");
}

/** Within the app, as a tap on a link does: loading the page anew would ask for the password again. */
export async function walkTo(page, path) {
  await page.evaluate((path) => {
    history.pushState(null, "", path);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
  await page.waitForFunction(() => !document.querySelector("[aria-busy=true], .bones"));
}
