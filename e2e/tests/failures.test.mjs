// What breaks around a person who sells: stores that the browser empties or fails to write, the database
// of the server, a second tab. Selling goes on, and nothing that was shown as sold is lost.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import {
  ASHA,
  assertAccessible,
  BARAKA,
  goTo,
  hasNoStock,
  hasStock,
  lease,
  listsSales,
  openSecondTab,
  openShop,
  pillSays,
  readSales,
  recall,
  receiptsOf,
  receiptsOnServer,
  sell,
  story,
  sync,
  unlock,
  until,
} from "../helpers.mjs";

const week = { packageName: "1 Week" };

story("the browser loses the database of the app, and no sale with it", async (stage) => {
  const { server, phones } = await openShop(stage);
  const [phone] = phones;
  await server.kill();
  const sold = [await sell(phone, week), await sell(phone, week), await sell(phone, week)];
  await phone.close();
  rmSync(join(phone.profile, "Default", "IndexedDB"), { recursive: true });
  await phone.open();
  await unlock(phone, server.url("/pending"), ASHA);

  // Packages, codes and roles come again from the server; what only this phone has is all there.
  await pillSays(phone, /3 on this phone/);
  const pending = await phone.page.getByTestId("pending").getByRole("listitem").allTextContents();
  assert.equal(pending.length, sold.length);
  for (const { receipt } of sold) {
    assert.ok(pending.some((row) => row.includes(`Sale ${receipt}`)), pending.join("\n"));
  }
  await phone.page.getByText("The browser lost this app's store").waitFor();
  await assertAccessible(phone.page, "recovering");

  await server.start();
  await sync(phone);
  assert.deepEqual(await receiptsOnServer(server), receiptsOf(sold));
  assert.deepEqual(receiptsOf(await readSales(phone.page)), receiptsOf(sold));

  // Its signing key is gone with the database, so to the server it is another device, but one that can show whose
  // place it takes: its block moves with it.
  await hasStock(phone, 7);
  const next = await sell(phone, week);
  assert.ok(!sold.some((sale) => sale.code === next.code), "a sold code is not sold again");
  await sync(phone);
});

/** Makes every further write of one kind fail in the worker that keeps the sales, until what it answers is called. */
async function breakWrites(device, kind) {
  const [worker] = device.page.workers();
  const set = (isBroken) =>
    worker.evaluate(
      ([kind, isBroken]) => {
        const [writer, write] =
          kind === "database" ? [IDBObjectStore.prototype, "put"] : [FileSystemSyncAccessHandle.prototype, "write"];
        globalThis.unbroken ??= {};
        globalThis.unbroken[kind] ??= writer[write];
        const fail = () => {
          throw new DOMException("the disk is broken", "UnknownError");
        };
        writer[write] = isBroken ? fail : globalThis.unbroken[kind];
      },
      [kind, isBroken],
    );
  await set(true);
  return () => set(false);
}

for (const [kind, told] of [
  ["database", /main store on this device failed/],
  ["journal", /second store on this device failed/],
]) {
  story(`a phone whose ${kind} fails says so and sells on with the other store`, async (stage) => {
    const { server, phones } = await openShop(stage);
    const [phone] = phones;
    await server.kill();
    const sold = [await sell(phone, week)];
    await breakWrites(phone, kind);
    sold.push(await sell(phone, week));
    await phone.page.getByText(told).first().waitFor();
    await assertAccessible(phone.page, `the ${kind} failed`);
    sold.push(await sell(phone, week));

    // As after a flat battery; the store works again.
    await phone.kill();
    await phone.open();
    await unlock(phone, server.url("/sales"), ASHA);
    assert.deepEqual(receiptsOf(await readSales(phone.page)), receiptsOf(sold));
    await server.start();
    await sync(phone);
    assert.deepEqual(await receiptsOnServer(server), receiptsOf(sold));
  });
}

story("a block recalled while the database failed is not on sale again after a restart", async (stage) => {
  const { server, office, phones } = await openShop(stage, { agents: [ASHA, BARAKA], leased: [ASHA] });
  const [phone] = phones;
  const mend = await breakWrites(phone, "database");
  await recall(office, { ...week, index: 0, to: BARAKA.name, reason: "She has another site now" });
  await hasNoStock(phone);
  await mend();
  await lease(office, { ...week, index: 1, to: ASHA.name });
  await hasStock(phone, 10);

  await server.kill();
  await phone.kill();
  await phone.open();
  await unlock(phone, server.url("/stock"), ASHA);
  await hasStock(phone, 10);
});

story("a sale that the journal missed is in it as soon as it works again", async (stage) => {
  const { server, phones } = await openShop(stage);
  const [phone] = phones;
  await server.kill();
  const mend = await breakWrites(phone, "journal");
  const sold = [await sell(phone, week)];
  await mend();
  sold.push(await sell(phone, week));

  // Both must be in the journal, for it is all that is left.
  await phone.kill();
  rmSync(join(phone.profile, "Default", "IndexedDB"), { recursive: true });
  await phone.open();
  await unlock(phone, server.url("/pending"), ASHA);
  await pillSays(phone, /2 on this phone/);
  await server.start();
  await sync(phone);
  assert.deepEqual(await receiptsOnServer(server), receiptsOf(sold));
});

story("a phone on which nothing can be saved sells nothing", async (stage) => {
  const { server, phones } = await openShop(stage);
  const [phone] = phones;
  await server.kill();
  const sold = await sell(phone, week);
  await breakWrites(phone, "database");
  await breakWrites(phone, "journal");
  await goTo(phone.page, "Sell");
  await phone.page.locator("button.tile").filter({ hasText: "1 Week" }).first().click();
  await phone.page.getByRole("button", { name: "Cash paid" }).click();
  await phone.page.getByTestId("failure").filter({ hasText: "could not save it, so it did not happen" }).waitFor();
  await assertAccessible(phone.page, "nothing could be saved");

  await phone.reopen();
  await unlock(phone, server.url("/sales"), ASHA);
  assert.deepEqual(receiptsOf(await readSales(phone.page)), [sold.receipt]);
});

story("PostgreSQL is away: the app stays usable, the server says so and recovers by itself", async (stage) => {
  const { server, office, phones } = await openShop(stage, { server: { database: "embedded" } });
  const [phone] = phones;
  const readiness = () => fetch(server.url("/readyz")).then((answer) => answer.status);
  assert.equal(await readiness(), 200);
  const begun = server.log.length;
  process.kill(postmaster(server.dataFolder), "SIGKILL");
  await until(async () => (await readiness()) === 503, "the server to say that it cannot work");
  const sold = [await sell(phone, week), await sell(phone, week)];

  await until(async () => (await readiness()) === 200, `PostgreSQL to be back\n${server.log.slice(begun)}`, 40_000);
  await sync(phone);
  await sync(office);
  await listsSales(office, sold);
});

function postmaster(folder) {
  const file = readdirSync(folder, { recursive: true }).find((name) => name.endsWith("postmaster.pid"));
  return Number(readFileSync(join(folder, file), "utf8").split("\n")[0]);
}

story("two tabs sell through one writer, and the second goes on when the first is closed", async (stage) => {
  const { server, phones } = await openShop(stage);
  const [phone] = phones;
  const sold = [await sell(phone, week)];
  const second = await openSecondTab(phone, server);
  sold.push(await sell(second, week));

  const first = { name: "first tab", page: phone.page };
  assert.deepEqual(receiptsOf(await readSales(first.page)), receiptsOf(sold));
  sold.push(await sell(first, week));
  assert.deepEqual(receiptsOf(await readSales(second.page)), receiptsOf(sold));

  await first.page.close();
  await until(async () => {
    await goTo(second.page, "My stock");
    return second.page.getByTestId("stock-left").filter({ hasText: "7 vouchers left" }).isVisible();
  }, "the second tab to have the stock");
  sold.push(await sell(second, week));
  await sync(second);
  assert.deepEqual(await receiptsOnServer(server), receiptsOf(sold));
  assert.equal(new Set(sold.map((sale) => sale.code)).size, sold.length);
});
