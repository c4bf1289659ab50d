// Locking and signing out: at once, in every tab of the person, and whoever else does not answer.

import assert from "node:assert/strict";

import { ASHA, fillIn, goTo, openShop, sell, story, unlock, until } from "../helpers.mjs";

const week = { packageName: "1 Week" };

/** A page begins anew within this, slow as the machine may be; a server that hangs is waited for much longer. */
const LOCKED_MS_MAX = 6_000;

async function choose({ page }, name) {
  await page.locator(".person-menu > button").click();
  await page.getByRole("button", { name, exact: true }).click();
}

async function isLocked(page) {
  await page.locator("#password").waitFor({ timeout: LOCKED_MS_MAX });
}

story("who locks one tab has locked the other, whichever of them writes", async (stage) => {
  const { server, phones } = await openShop(stage);
  const [phone] = phones;
  await server.kill();
  const writer = { name: "first tab", page: phone.page };
  const follower = { name: "second tab", page: await phone.context.newPage() };
  for (const [one, other] of [[writer, follower], [follower, writer]]) {
    await unlock(follower, server.url("/sell"), ASHA);
    await choose(one, "Lock");
    await Promise.all([isLocked(one.page), isLocked(other.page)]);
    // Nor does loading it anew open either.
    for (const { page } of [one, other]) {
      await page.reload();
      await isLocked(page);
    }
    await unlock(writer, server.url("/sell"), ASHA);
  }
});

story("who signs out is out at once, though the server does not answer", async (stage) => {
  const { server, phones } = await openShop(stage);
  const [phone] = phones;
  server.pause();
  const sold = await sell(phone, week);
  await goTo(phone.page, "Sync");
  await choose(phone, "Sign out");
  await phone.page.locator("dialog").getByRole("button", { name: "Sign out" }).click();
  // Before anybody was told.
  await phone.page.locator(".shell").waitFor({ state: "detached", timeout: 1_000 });
  await isLocked(phone.page);
  // What was sold a moment before is sealed where a locked screen finds it.
  server.resume();
  const receipts = async () => (await server.sql("select receipt from sales")).flat();
  await until(async () => (await receipts()).length > 0, "the sale to be sent from the locked screen");
  assert.deepEqual(await receipts(), [sold.receipt]);
  await fillIn(phone.page, { password: ASHA.password });
  await phone.page.getByTestId("sync-pill").waitFor();
});
