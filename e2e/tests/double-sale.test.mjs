// One voucher sold twice: both sales are kept, everyone concerned is told, one client gets a new code, and
// the cash of both is counted.

import assert from "node:assert/strict";

import {
  ASHA,
  assertAccessible,
  BARAKA,
  cutTexts,
  DESKTOP,
  goTo,
  hasStock,
  inMinorUnits,
  listsSales,
  number,
  openSale,
  openShop,
  PHONE,
  readReceipt,
  recall,
  sell,
  speak,
  story,
  sync,
  takeShot,
  unlock,
  walkTo,
} from "../helpers.mjs";

const week = { packageName: "1 Week" };

story("a block is recalled from a phone without signal, and both sell from it", async (stage) => {
  const { server, office, phones } = await openShop(stage, { agents: [ASHA, BARAKA], leased: [ASHA] });
  const [asha, baraka] = phones;

  await asha.goOffline();
  await recall(office, { ...week, index: 0, to: BARAKA.name, reason: "Asha's phone is lost" });
  await hasStock(baraka, 10);
  await baraka.goOffline();
  const hers = await sell(asha, week);
  const his = await sell(baraka, week);
  assert.equal(hers.code, his.code, "both sell the first code of the block");

  // Hers reaches the server first, so it stands, though the block was not hers any more.
  await asha.goOnline();
  await sync(asha);
  await baraka.goOnline();
  await sync(baraka);

  const screens = [
    [asha, hers],
    [baraka, his],
    [office, hers],
    [office, his],
  ];
  for (const [device, { receipt }] of screens) {
    await openSale(device, receipt);
    const told = device.page.getByTestId("double-sale");
    await told.filter({ hasText: "Asha Mushi's sale stands" }).waitFor();
    // With the block, its codes have left her phone.
    const code = device === asha ? "A code" : `Code ${hers.code}`;
    const words = new RegExp(`^${code} was sold twice .*: by Asha Mushi \\(.+\\) and Baraka John \\(.+\\)`);
    assert.match(await told.textContent(), words, device.name);
    assert.match(await device.page.getByTestId("receipt").textContent(), /Safe on server/);
  }
  await openSale(asha, hers.receipt);
  await asha.page.getByTestId("after-recall").waitFor();
  await assertAccessible(asha.page, "a double sale");

  // His client gets a new code.
  await openSale(baraka, his.receipt);
  await baraka.page.getByRole("button", { name: "Give replacement" }).click();
  await baraka.page.getByTestId("double-sale").filter({ hasText: "has a new code" }).waitFor();
  const codes = await baraka.page.getByTestId("receipt").getByTestId("code").allTextContents();
  assert.notEqual(codes[0], his.code);
  await assertAccessible(baraka.page, "a replacement");
  await sync(baraka);
  await openSale(office, his.receipt);
  await office.page.getByTestId("double-sale").filter({ hasText: "has a new code" }).waitFor();

  await cashOfBoth(office, server, [hers, his]);
  await isWholeInTheList(office);
  assert.deepEqual(await server.sql("select status, count(*) from sales group by 1 order by 1"), [
    ["after_recall", "1"],
    ["double", "1"],
  ]);
  assert.deepEqual(await server.sql("select count(*) from replacements"), [["1"]]);
});

story("a cloned profile sells the same voucher", async (stage) => {
  const { server, office, phones } = await openShop(stage);
  const [phone] = phones;
  await phone.close();
  const copy = stage.add(await phone.clone("asha-copy"));
  await phone.open();

  const sold = [];
  for (const device of [phone, copy]) {
    await device.goOffline();
    await unlock(device, server.url("/sell"), ASHA);
    sold.push(await sell(device, week));
    sold.push(await sell(device, week));
  }
  assert.equal(sold[0].code, sold[2].code);
  assert.equal(sold[1].code, sold[3].code);

  for (const device of [phone, copy]) {
    await device.goOnline();
    await sync(device);
  }
  await sync(phone);

  // Four sales on every screen, two of them told as sold twice by the same person.
  for (const device of [phone, copy, office]) {
    await listsSales(device, sold, /Sold twice.*Safe on server/s);
  }
  await cashOfBoth(office, server, sold);
  assert.deepEqual(await server.sql("select status, count(*) from sales group by 1 order by 1"), [
    ["double", "2"],
    ["standing", "2"],
  ]);

  // Both go on selling, each what the other has not sold.
  await hasStock(phone, 8);
  const next = await sell(phone, week);
  await sync(phone);
  await hasStock(copy, 7);
  const after = await sell(copy, week);
  assert.equal(new Set([next, after, ...sold].map((sale) => sale.code)).size, 4);
  assert.equal((await readReceipt(copy.page)).code, after.code);
});

/** A sale of another day, sold twice: when it was and what became of it can be read, in both languages and sizes. */
async function isWholeInTheList({ page, ...office }) {
  // The page's clock, by which it writes days.
  await page.evaluate((ms) => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + ms;
  }, 3 * 86_400_000);
  for (const language of ["Kiswahili", "English"]) {
    await speak({ page, ...office }, language);
    for (const [size, viewport] of Object.entries({ desk: DESKTOP, tablet: { width: 1024, height: 768 }, phone: PHONE })) {
      await page.setViewportSize(viewport);
      await walkTo(page, "/sync");
      await walkTo(page, "/sales");
      await page.getByTestId("sales").waitFor();
      await takeShot(page, `double-sale/sales-${size}-${language}`);
      const cut = await cutTexts(page, "sales", ".sale-time, .sale-state, .sale-total");
      assert.deepEqual(cut, [], `${language}, ${size}`);
    }
  }
  await page.setViewportSize(DESKTOP);
}

/** No client's money disappears, whosever sale stands. */
async function cashOfBoth(office, server, sales) {
  const total = sales.reduce((sum, sale) => sum + sale.total, 0);
  await goTo(office.page, "Sales");
  const revenue = office.page.getByTestId("sales-revenue");
  assert.equal(number(await revenue.textContent()), total);
  assert.deepEqual(await server.sql("select count(*), sum(total_minor) from sales"), [[`${sales.length}`, inMinorUnits(total)]]);
}
