// The browser gives the app no more room: what was shown as sold is kept, what cannot be kept is not shown as sold, and
// selling goes on when there is room again.

import assert from "node:assert/strict";

import {
  ASHA,
  assertAccessible,
  fillIn,
  goTo,
  openShop,
  pendingReceipts,
  readReceipt,
  receiptsOf,
  sell,
  story,
  sync,
  unlock,
} from "../helpers.mjs";

const week = { packageName: "1 Week" };

/** Files of the private file system take room by the megabyte: this is enough to start, and not for a journal. */
const ROOM_TO_START = 1_100_000;
/** Chromium remembers for up to half a minute how much room there was; until then small writes pass. */
const TRIES = 7;
const TRY_EVERY_MS = 5_500;

/** The room of the app, as the developer tools set it: from the next start of the browser on, small writes see it. */
async function roomOf(device, { origin }) {
  const session = await device.context.newCDPSession(device.page);
  const { usage } = await session.send("Storage.getUsageAndQuota", { origin });
  return {
    leave: (bytes) => session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: usage + bytes }),
    free: () => session.send("Storage.overrideQuotaForOrigin", { origin }),
  };
}

/** As another page of the same website might, or this one in a year: takes all the room there is. */
async function fill({ page }) {
  await page.evaluate(async () => {
    const cache = await caches.open("filler");
    let number = 0;
    for (let size = 1 << 20; size > 512; size >>= 1) {
      let fits = true;
      while (fits) {
        number += 1;
        const file = new Response(crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536))));
        fits = await cache.put(`/filler-${number}`, file).then(
          () => true,
          () => false,
        );
      }
    }
  });
}

const notSaved = (page) =>
  page.getByTestId("failure").filter({ hasText: "could not save it, so it did not happen. Free some space" });

/** Tries to sell once; answers the sale, or nothing when the app says that it did not happen. */
async function trySale({ page }) {
  await goTo(page, "Sell");
  await page.locator("button.tile").filter({ hasText: "1 Week" }).first().click();
  await page.getByRole("button", { name: "Cash paid" }).click();
  await notSaved(page).or(page.getByTestId("receipt")).first().waitFor();
  return (await notSaved(page).isVisible()) ? null : readReceipt(page);
}

story("a phone runs out of room: it says so, keeps what it sold, and sells on when there is room", async (stage) => {
  const { server, phones } = await openShop(stage);
  const [phone] = phones;
  await server.kill();
  const sold = [await sell(phone, week)];

  // Little room at the start: the main store works, the second one cannot begin.
  await phone.reopen();
  const room = await roomOf(phone, server);
  await room.leave(ROOM_TO_START);
  await unlock(phone, server.url("/pending"), ASHA);
  await phone.page.getByText("second store on this device failed").first().waitFor();
  sold.push(await sell(phone, week));
  await phone.page.getByTestId("receipt").getByText("second store on this device failed").waitFor();

  // None any more: a few sales still fit, then one does not.
  await fill(phone);
  let last = null;
  for (let sale = 0; sale < TRIES && (last = await trySale(phone)); sale += 1) {
    sold.push(last);
    await phone.page.waitForTimeout(TRY_EVERY_MS);
  }
  assert.equal(last, null, "a sale without room");
  await assertAccessible(phone.page, "no room");
  assert.deepEqual(await pendingReceipts(phone), receiptsOf(sold));

  // Room again: the same phone sells on.
  await room.free();
  sold.push(await sell(phone, week));
  assert.deepEqual(await pendingReceipts(phone), receiptsOf(sold));

  // Without any room from the start nothing opens, and nothing is lost by that.
  await phone.reopen();
  const none = await roomOf(phone, server);
  await none.leave(-1);
  await phone.page.goto(server.url("/pending"));
  await fillIn(phone.page, { password: ASHA.password });
  await notSaved(phone.page).waitFor();
  await none.free();
  await unlock(phone, server.url("/pending"), ASHA);
  assert.deepEqual(await pendingReceipts(phone), receiptsOf(sold));
  sold.push(await sell(phone, week));

  assert.equal(new Set(sold.map((sale) => sale.code)).size, sold.length);
  await server.start();
  await sync(phone);
  assert.deepEqual((await server.sql("select receipt from sales order by 1")).flat(), receiptsOf(sold));
});
