// An old password that was forgotten when it was asked for, and comes back to mind: what was locked under it is opened
// and sent, once. Or it does not come back, and the person gives that work up.

import assert from "node:assert/strict";

import { lock, NEW_PASSWORD, readySlots, sellUnderTheOldPassword } from "../helpers/passwords.mjs";
import {
  ASHA,
  assertAccessible,
  DESKTOP,
  fillIn,
  goTo,
  hasStock,
  PHONE,
  receiptsOnServer,
  sell,
  speak,
  story,
  sync,
  takeShot,
  until,
} from "../helpers.mjs";

const week = { packageName: "1 Week" };

async function forget({ page }) {
  await page.getByRole("button", { name: "I do not know it" }).click();
  await page.getByTestId("sync-pill").waitFor();
}

async function openWith({ page }, password) {
  await goTo(page, "Sync");
  await fillIn(page, { "earlier-password": password });
}

/** The names of the databases of people's stores in this browser. */
async function stores({ page }) {
  const all = await page.evaluate(() => indexedDB.databases());
  return all.map(({ name }) => name).filter((name) => name !== "viornet-profile");
}

async function takeShots({ page }, name) {
  for (const [size, viewport] of [["360x740", PHONE], ["1440x900", DESKTOP]]) {
    await page.setViewportSize(viewport);
    await takeShot(page, `forgotten/${name}-${size}`);
  }
  await page.setViewportSize(PHONE);
}

async function doubleSales(server) {
  const [[count]] = await server.sql("select count(*) from sales where status <> 'standing'");
  return Number(count);
}

story("who remembers the old password after all has everything sent, and only once", async (stage) => {
  const { server, phone, sold } = await sellUnderTheOldPassword(stage, { isReady: false });
  const { page } = phone;
  await forget(phone);
  // Nobody but the locked store knows of the three sales, so the first voucher goes a second time.
  await hasStock(phone, 10);
  const more = await sell(phone, week);
  await sync(phone);
  assert.deepEqual(await receiptsOnServer(server), [more.receipt]);
  await goTo(page, "Sell");
  await page.getByTestId("earlier-note").getByRole("link", { name: "Open it" }).waitFor();
  await assertAccessible(page, "the till with earlier work locked");
  await takeShots(phone, "till");

  await openWith(phone, "not this one");
  await page.getByText("No earlier work opens with this password.").waitFor();
  await page.getByTestId("earlier").getByText(/^At most 3 entries, \d+ kB$/).waitFor();
  await assertAccessible(page, "earlier work locked");
  await takeShots(phone, "wrong");

  await openWith(phone, ASHA.password);
  await page.getByText("Opened. 3 entries are sent from here.").waitFor();
  await page.getByTestId("earlier").waitFor({ state: "detached" });
  await takeShots(phone, "opened");
  await sync(phone);
  assert.deepEqual(await receiptsOnServer(server), [...sold, more.receipt].sort());
  assert.equal(await doubleSales(server), 1);
  await hasStock(phone, 7);

  // Nothing is left of the old store, and nobody asks for it again.
  await until(async () => (await stores(phone)).length === 1, "the old store to be gone");
  assert.deepEqual(await readySlots(phone), []);
  await lock(phone);
  await fillIn(page, { password: NEW_PASSWORD });
  await page.getByTestId("sync-pill").waitFor();
  await hasStock(phone, 7);
  await goTo(page, "Sell");
  await page.locator("button.tile").first().waitFor();
  assert.equal(await page.getByTestId("earlier-note").count(), 0);
  assert.deepEqual(await receiptsOnServer(server), [...sold, more.receipt].sort());
});

story("what lay ready was sent when the password was forgotten, and is not sent again", async (stage) => {
  const { server, phone, sold } = await sellUnderTheOldPassword(stage);
  await forget(phone);
  await hasStock(phone, 7);
  assert.deepEqual(await receiptsOnServer(server), sold);
  await openWith(phone, ASHA.password);
  await phone.page.getByText("Opened. All of it was safe already.").waitFor();
  await sync(phone);
  assert.deepEqual(await receiptsOnServer(server), sold);
  assert.equal(await doubleSales(server), 0);
  await hasStock(phone, 7);
});

story("who does not remember it gives the earlier work up, and is told what that costs", async (stage) => {
  const { server, phone } = await sellUnderTheOldPassword(stage, { isReady: false });
  const { page } = phone;
  await forget(phone);
  await goTo(page, "Sync");
  const earlier = page.getByTestId("earlier");
  await earlier.getByRole("button", { name: "Discard" }).click();
  const dialog = page.locator("dialog");
  await dialog.getByText(/^At most 3 entries, \d+ kB$/).waitFor();
  await assertAccessible(page, "the question whether to discard");
  await takeShots(phone, "discard");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await speak(phone, "Kiswahili");
  await page.getByText("Kazi ya awali bado imefungwa", { exact: true }).waitFor();
  await takeShots(phone, "swahili");
  await speak(phone, "English");

  await earlier.getByRole("button", { name: "Discard" }).click();
  await dialog.getByRole("button", { name: "Discard" }).click();
  await page.getByText("Earlier work discarded").waitFor();
  await earlier.waitFor({ state: "detached" });
  await until(async () => (await stores(phone)).length === 1, "the old store to be gone");
  await hasStock(phone, 10);
  assert.deepEqual(await receiptsOnServer(server), []);
});
