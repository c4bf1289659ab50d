// One phone, several people, several passwords: each finds what is theirs as they left it, and what was sold before a
// new password is neither lost nor sold a second time.

import assert from "node:assert/strict";

import { lock, NEW_PASSWORD, sellUnderTheOldPassword } from "../helpers/passwords.mjs";
import {
  accept,
  ASHA,
  BARAKA,
  fillIn,
  hasStock,
  invite,
  openShop,
  pendingReceipts,
  receiptsOnServer,
  sell,
  story,
  sync,
} from "../helpers.mjs";

const week = { packageName: "1 Week" };
/** Chooses oneself among those who use the phone. */
async function unlockAs({ page }, { name, password }) {
  await page.locator(".row-person").filter({ hasText: name }).click();
  await fillIn(page, { password });
  await page.getByTestId("sync-pill").waitFor();
}

story("two people use one phone, and each finds their own as it was", async (stage) => {
  const { server, office, phones } = await openShop(stage);
  const [phone] = phones;
  const link = await invite(office, BARAKA);
  await lock(phone);
  await accept(phone, link, BARAKA);
  await phone.page.getByTestId("sync-pill").waitFor();
  await lock(phone);

  await server.kill();
  await unlockAs(phone, ASHA);
  await hasStock(phone, 10);
  const sold = await sell(phone, week);
  await lock(phone);
  await unlockAs(phone, BARAKA);
  await lock(phone);
  await unlockAs(phone, ASHA);
  assert.deepEqual(await pendingReceipts(phone), [sold.receipt]);
  assert.equal(await phone.page.getByText("The browser lost this app's store").count(), 0);
  await hasStock(phone, 9);
  await server.start();
  await sync(phone);
  assert.deepEqual(await receiptsOnServer(server), [sold.receipt]);
});

story("what was sold under the old password is there under the new one", async (stage) => {
  const { server, phone, sold } = await sellUnderTheOldPassword(stage);
  await fillIn(phone.page, { "old-password": "not this one" });
  await phone.page.getByText("This is not the old password.").waitFor();
  await fillIn(phone.page, { "old-password": ASHA.password });
  await phone.page.getByTestId("sync-pill").waitFor();
  await sync(phone);
  assert.deepEqual(await receiptsOnServer(server), sold);
  await hasStock(phone, 7);
  // From now on the new one opens the phone, with no signal too.
  await server.kill();
  await lock(phone);
  await fillIn(phone.page, { password: NEW_PASSWORD });
  await phone.page.getByTestId("sync-pill").waitFor();
  await hasStock(phone, 7);
});

story("who has forgotten the old password loses no sale either", async (stage) => {
  const { server, phone, sold } = await sellUnderTheOldPassword(stage);
  await phone.page.getByRole("button", { name: "I do not know it" }).click();
  await phone.page.getByTestId("sync-pill").waitFor();
  await hasStock(phone, 7);
  assert.deepEqual(await receiptsOnServer(server), sold);
  const more = await sell(phone, week);
  await sync(phone);
  assert.deepEqual(await receiptsOnServer(server), [...sold, more.receipt].sort());
  const [[double]] = await server.sql("select count(*) from sales where status <> 'standing'");
  assert.equal(double, "0");
});
