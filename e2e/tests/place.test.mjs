// Coming back: a list is found where it was left, on a phone as on a desktop.

import assert from "node:assert/strict";

import {
  addFirstPackages,
  goTo,
  importVouchers,
  OWNER,
  setUp,
  signIn,
  story,
  takeShot,
  until,
} from "../helpers.mjs";

const scrolled = ({ page }) => page.evaluate(() => Math.round(window.scrollY));

async function keepsItsPlace(device) {
  const { page } = device;
  await goTo(page, "Vouchers");
  await page.getByRole("link", { name: "All vouchers" }).click();
  const list = page.getByTestId("voucher-list");
  await list.getByRole("link").nth(5).waitFor();
  await page.evaluate(() => window.scrollTo(0, 400));
  // The row in the middle of what is seen.
  const row = await page.evaluate(() => {
    const middle = window.innerHeight / 2;
    const rows = [...document.querySelectorAll("[data-testid=voucher-list] > li")];
    const found = rows.find((row) => row.getBoundingClientRect().bottom > middle);
    return found.getAttribute("aria-posinset");
  });
  const before = await scrolled(device);
  assert.ok(before > 300, `${before}`);
  const born = await page.evaluate(() => performance.timeOrigin);
  await list.locator(`[aria-posinset="${row}"] a`).click();
  await page.getByTestId("voucher-list").waitFor({ state: "detached" });
  assert.equal(await scrolled(device), 0);
  await page.goBack();
  await list.waitFor();
  assert.equal(await page.evaluate(() => performance.timeOrigin), born);
  await until(async () => (await scrolled(device)) === before, `the list at ${before} pixels`);
  const isThere = () =>
    page.evaluate(() => document.activeElement.closest("[aria-posinset]")?.getAttribute("aria-posinset"));
  await until(async () => (await isThere()) === row, `the keyboard at row ${row}`);
  await takeShot(page, `place/${device.name}`);
  // By the menu, a screen begins at its top.
  await goTo(page, "Vouchers");
  await page.getByRole("link", { name: "All vouchers" }).click();
  await list.getByRole("link").nth(5).waitFor();
  assert.equal(await scrolled(device), 0);
}

story("who comes back from a row finds the list where it was left", async (stage) => {
  const server = await stage.server();
  const office = await stage.desktop("office");
  await setUp(office, server);
  await addFirstPackages(office);
  await importVouchers(office, { profile: "WIKI-1", packageName: "1 Week", blockSize: 10 });
  await keepsItsPlace(office);
  const phone = await stage.phone("owner");
  await signIn(phone, server, OWNER);
  await keepsItsPlace(phone);
});
