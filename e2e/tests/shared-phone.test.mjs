// One phone, several people, several passwords: each finds what is theirs as they left it, and what was sold before a
// new password is neither lost nor sold a second time.

import assert from "node:assert/strict";

import {
  accept,
  ASHA,
  BARAKA,
  fillIn,
  goTo,
  hasStock,
  invite,
  openShop,
  pendingReceipts,
  pillSays,
  sell,
  story,
  sync,
  until,
} from "../helpers.mjs";

const week = { packageName: "1 Week" };
const NEW_PASSWORD = "chai na mandazi";

async function lock({ page }) {
  const item = page.getByRole("button", { name: "Lock", exact: true });
  const isOpen = async () => {
    if (!(await item.isVisible())) {
      await page.locator(".person-menu > button").click();
    }
    return item.click({ timeout: 2_000 }).then(
      () => true,
      () => false,
    );
  };
  // Rights that arrive draw the header anew, and its menu closes.
  await until(isOpen, "the screen to lock");
  await page.locator("#password").or(page.locator(".row-person")).first().waitFor();
}

/** Chooses oneself among those who use the phone. */
async function unlockAs({ page }, { name, password }) {
  await page.locator(".row-person").filter({ hasText: name }).click();
  await fillIn(page, { password });
  await page.getByTestId("sync-pill").waitFor();
}

async function salesOnServer(server) {
  return (await server.sql("select receipt from sales order by 1")).flat();
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
  assert.deepEqual(await salesOnServer(server), [sold.receipt]);
});

/** Ends with the phone at the screen that asks who is here: three sales on it, no signal, and a password that is not hers any more. */
async function sellUnderTheOldPassword(stage) {
  const { server, office, phones } = await openShop(stage);
  const [phone] = phones;
  await server.kill();
  const sold = [];
  for (let sale = 0; sale < 3; sale += 1) {
    sold.push((await sell(phone, week)).receipt);
  }
  await lock(phone);
  await server.start();
  await pillSays(office, /All safe/);
  await goTo(office.page, "Staff");
  await office.page.getByRole("link", { name: ASHA.name }).click();
  await office.page.getByRole("button", { name: "Invite link" }).click();
  const link = await office.page.getByTestId("invite-link").textContent();
  const other = await stage.phone("another");
  await accept(other, link, { login: ASHA.login, password: NEW_PASSWORD });
  await other.page.getByTestId("sync-pill").waitFor();
  await phone.page.getByRole("button", { name: "Another person" }).click();
  await fillIn(phone.page, { login: ASHA.login, password: NEW_PASSWORD });
  await phone.page.getByTestId("old-password-form").waitFor();
  return { server, phone, sold: sold.sort() };
}

story("what was sold under the old password is there under the new one", async (stage) => {
  const { server, phone, sold } = await sellUnderTheOldPassword(stage);
  await fillIn(phone.page, { "old-password": "not this one" });
  await phone.page.getByText("This is not the old password.").waitFor();
  await fillIn(phone.page, { "old-password": ASHA.password });
  await phone.page.getByTestId("sync-pill").waitFor();
  await sync(phone);
  assert.deepEqual(await salesOnServer(server), sold);
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
  assert.deepEqual(await salesOnServer(server), sold);
  const more = await sell(phone, week);
  await sync(phone);
  assert.deepEqual(await salesOnServer(server), [...sold, more.receipt].sort());
  const [[double]] = await server.sql("select count(*) from sales where status <> 'standing'");
  assert.equal(double, "0");
});
