// Locking and signing out: at once, in every tab of the person, and whoever else does not answer.

import assert from "node:assert/strict";

import { readySlots } from "../helpers/passwords.mjs";
import {
  ASHA,
  BARAKA,
  fillIn,
  goTo,
  hasStock,
  openShop,
  openTwoTabs,
  pillSays,
  receiptsOf,
  receiptsOnServer,
  sell,
  story,
  sync,
  unlock,
  until,
} from "../helpers.mjs";

const week = { packageName: "1 Week" };

/** A page begins anew within this, slow as the machine may be; a server that hangs would be waited for until it goes on. */
const LOCKED_MS_MAX = 20_000;

/** In front, since Chromium paints a tab behind another so rarely that each tap in it takes seconds. */
async function choose({ page }, name) {
  await page.bringToFront();
  await page.locator(".person-menu > button").click();
  await page.getByRole("button", { name, exact: true }).click();
}

async function isLocked(page) {
  await page.locator("#password").waitFor({ timeout: LOCKED_MS_MAX });
}

story("who locks one tab has locked the other, whichever of them writes", async (stage) => {
  const { server, first: writer, second: follower } = await openTwoTabs(stage);
  for (const [one, other] of [[writer, follower], [follower, writer]]) {
    await choose(one, "Lock");
    await Promise.all([isLocked(one.page), isLocked(other.page)]);
    // Nor does loading it anew open either.
    for (const { page } of [one, other]) {
      await page.reload();
      await isLocked(page);
    }
    await unlock(writer, server.url("/sell"), ASHA);
    await unlock(follower, server.url("/sell"), ASHA);
  }
});

story("who signs out is out at once, though the server does not answer", async (stage) => {
  const { server, phones } = await openShop(stage);
  const [phone] = phones;
  server.pause();
  const sold = await sell(phone, week);
  await goTo(phone.page, "Sync");
  await choose(phone, "Sign out");
  const signOut = phone.page.locator("dialog").getByRole("button", { name: "Sign out" });
  // Nothing is left on screen when the tap is over, before anybody was told.
  const left = await signOut.evaluate((button) => {
    button.click();
    return new Promise((resolve) => setTimeout(() => resolve(document.querySelectorAll(".shell").length)));
  });
  assert.equal(left, 0);
  await isLocked(phone.page);
  // What was sold a moment before is sealed where a locked screen finds it.
  server.resume();
  const receipts = () => receiptsOnServer(server);
  await until(async () => (await receipts()).length > 0, "the sale to be sent from the locked screen");
  assert.deepEqual(await receipts(), [sold.receipt]);
  await fillIn(phone.page, { password: ASHA.password });
  await phone.page.getByTestId("sync-pill").waitFor();
});

async function comeBack({ page }, { name, password }) {
  await page.getByRole("button", { name }).click();
  await fillIn(page, { password });
  await page.getByTestId("sync-pill").waitFor();
}

story("what who leaves has sold with no signal, the next person's connection carries to the server", async (stage) => {
  const { server, phones } = await openShop(stage, { agents: [ASHA, BARAKA], leased: [ASHA] });
  const [phone] = phones;
  const { page } = phone;
  await choose(phone, "Lock");
  await isLocked(page);
  await page.getByRole("button", { name: "Another person" }).click();
  await fillIn(page, { login: BARAKA.login, password: BARAKA.password });
  await page.getByTestId("sync-pill").waitFor();
  await sync(phone);
  await choose(phone, "Lock");
  await comeBack(phone, ASHA);
  await hasStock(phone, 10);

  await server.kill();
  const sold = [await sell(phone, week), await sell(phone, week)];
  await choose(phone, "Lock");
  // Her locked screen finds no server; then he has the phone.
  await comeBack(phone, BARAKA);
  assert.equal((await readySlots(phone)).length, 1);
  await server.start();
  await sync(phone);
  const receipts = () => receiptsOnServer(server);
  await until(async () => (await receipts()).length === sold.length, "her sales to be on the server");
  assert.deepEqual(await receipts(), receiptsOf(sold));
  await until(async () => (await readySlots(phone)).length === 0, "nothing to be left for others to send");

  // She finds all of it safe.
  await choose(phone, "Lock");
  await comeBack(phone, ASHA);
  await pillSays(phone, /All safe/);
  await hasStock(phone, 10 - sold.length);
});
