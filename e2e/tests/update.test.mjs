// A new version of the app arrives while a sale is open: it waits until the sale is done, then takes over; nothing is
// lost, and devices of both versions work on the same documents.

import assert from "node:assert/strict";

import { bringUpToDate, buildBefore, versionOf } from "../helpers/builds.mjs";
import {
  ASHA,
  goTo,
  hasStock,
  lease,
  listsSales,
  openShop,
  readReceipt,
  readSales,
  receiptsOf,
  receiptsOnServer,
  sell,
  story,
  sync,
  unlock,
  until,
} from "../helpers.mjs";

const week = { packageName: "1 Week" };

/** What the browser does by itself at a navigation, and once a day. */
const lookForUpdate = ({ page }) =>
  page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update().then(() => undefined));

const isWaiting = ({ page }) =>
  page.evaluate(async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting));

story("an update waits for the end of a sale, then takes over, and both versions share the books", async (stage) => {
  const web = buildBefore();
  const { server, office, phones } = await openShop(stage, { server: { web } });
  const [phone] = phones;
  assert.equal(await versionOf(phone.page), "before");
  const sold = [await sell(phone, week)];

  // Half a sale: the package is chosen, the client looks for the money.
  await goTo(phone.page, "Sell");
  await phone.page.locator("button.tile").filter({ hasText: "1 Week" }).click();
  bringUpToDate(web);
  await lookForUpdate(phone);
  await until(() => isWaiting(phone), "the new version to be there");
  await phone.page.getByRole("button", { name: "Cash paid" }).click();
  sold.push(await readReceipt(phone.page));
  await phone.page.getByRole("link", { name: "Sell again" }).click();
  await phone.page.getByRole("button", { name: "Cash paid" }).waitFor();
  assert.ok(await isWaiting(phone), "it waits as long as somebody sells");

  // Away from the till it takes over; the page that is open goes on as it is, on any screen.
  assert.deepEqual(receiptsOf(await readSales(phone.page)), receiptsOf(sold));
  await until(async () => !(await isWaiting(phone)), "the new version to take over");
  assert.equal(await versionOf(phone.page), "before");
  for (const screen of ["My stock", "Clients", "Packages", "Sync"]) {
    await goTo(phone.page, screen);
  }
  sold.push(await sell(phone, week));

  // The next start runs it, without the server too.
  await server.kill();
  await phone.reopen();
  await unlock(phone, server.url("/sales"), ASHA);
  assert.equal(await versionOf(phone.page), "now");
  assert.deepEqual(receiptsOf(await readSales(phone.page)), receiptsOf(sold));
  sold.push(await sell(phone, week));

  // The office still runs the version before.
  await server.start();
  await sync(phone);
  await sync(office);
  assert.equal(await versionOf(office.page), "before");
  await listsSales(office, sold);
  await lease(office, { ...week, index: 1, to: ASHA.name });
  await hasStock(phone, 20 - sold.length);
  sold.push(await sell(phone, week));
  await sync(phone);
  assert.deepEqual(await receiptsOnServer(server), receiptsOf(sold));
  assert.equal(new Set(sold.map((sale) => sale.code)).size, sold.length);
});
