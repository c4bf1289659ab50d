// Starting while a tab of this browser was stopped in the middle of writing what all its people share.

import { ASHA, fillIn, goTo, hasStock, openShop, sell, story } from "../helpers.mjs";

/**
 * Two seconds for each of what would be asked of the database, and the start itself, slow as the machine may be. Without
 * such limits it would wait for as long as the other tab holds, and that does so until the sale is made.
 */
const STARTED_MS_MAX = 20_000;

/** A transaction that goes on until it is told to end, as a stopped tab's does. */
async function hold(page, database) {
  await page.evaluate(
    (name) =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onerror = reject;
        request.onsuccess = () => {
          const kv = request.result.transaction("kv", "readwrite").objectStore("kv");
          window.isHolding = true;
          const again = () => {
            if (window.isHolding) {
              kv.get("nothing").onsuccess = again;
            }
          };
          again();
          resolve();
        };
      }),
    database,
  );
}

story("a tab that holds what all people of a browser share keeps nobody from unlocking and selling", async (stage) => {
  const { server, phones } = await openShop(stage);
  const [phone] = phones;
  const holder = await phone.context.newPage();
  await holder.goto(server.url("/healthz"));
  await server.kill();
  await phone.page.goto("about:blank");
  await hold(holder, "viornet-profile");
  const { page } = phone;
  await page.bringToFront();
  await page.goto(server.url("/sell"));
  await page.locator("#password").waitFor({ timeout: STARTED_MS_MAX });
  await fillIn(page, { password: ASHA.password });
  await page.getByTestId("sync-pill").waitFor({ timeout: STARTED_MS_MAX });
  await sell(phone, { packageName: "1 Week" });
  await hasStock(phone, 9);
  await holder.evaluate(() => (window.isHolding = false));
  await goTo(page, "Sell");
});
