// The main job, end to end: vouchers come in from a file, two agents sell them with no signal, and the
// office sees every sale once, with each agent's stock and cash, on screen and in PostgreSQL.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import {
  accept,
  addFirstPackages,
  ASHA,
  assertAccessible,
  BARAKA,
  block,
  chooseFile,
  choosePackages,
  goTo,
  hasStock,
  importVouchers,
  inMinorUnits,
  invite,
  lease,
  listsSales,
  number,
  openSale,
  pillSays,
  readReceipt,
  readSales,
  sell,
  setUp,
  Stage,
  story,
  sync,
  unlock,
  VOUCHERS,
} from "../helpers.mjs";

/** Line and reason of each row of the fixture that must be refused. */
const REFUSED = [
  [5, "there is no code"],
  [9, "the same code stands in line 4"],
  [13, "a quotation mark is not closed"],
  [17, "2 columns, where the first line has 6"],
  [21, "7 columns, where the first line has 6"],
  [25, "the user name has a character that cannot be seen"],
  [29, "the user name begins or ends with a blank"],
  [33, "the user name is too long"],
  [37, "the time limit cannot be read"],
  [41, "nobody sells such a data limit"],
  [45, "a spreadsheet has rounded the user name"],
  [49, "this is a device's address, not a code"],
  [52, "already used: it runs until oct/14/2026 19:40:12"],
  [55, "already used: it runs until 2026-11-03 08:15:44"],
  [58, "it has run out"],
];

const week = { packageName: "1 Week" };
const month = { packageName: "1 Month" };

/** What each agent sells with no signal, before and after the browser was closed. */
const PLAN = {
  asha: {
    first: [
      week,
      month,
      { ...week, method: "M-Pesa", reference: "SJK4H7L2QW" },
      { ...week, client: { name: "Mzee Salum", phone: "0754 318 226" } },
      week,
    ],
    later: [month, week],
  },
  baraka: {
    first: [week, { ...month, method: "M-Pesa", reference: "SJK9P3M8XA" }, week, week, month],
    later: [week],
  },
};

story("two phones sell with no signal, and the office sees it", async (stage) => {
  const server = await stage.server();
  const office = await stage.desktop("office");
  const asha = await stage.phone("asha");
  const baraka = await stage.phone("baraka");
  const phones = [
    [asha, ASHA, PLAN.asha],
    [baraka, BARAKA, PLAN.baraka],
  ];

  // The office.
  await office.page.goto(await server.setUpLink());
  await office.page.locator("#organisation").waitFor();
  await assertAccessible(office.page, "set-up");
  for (const [zone, currency] of [["Africa/Nairobi", "KES"], ["Africa/Dar_es_Salaam", "TZS"]]) {
    await office.page.locator("#timezone").selectOption(zone);
    await office.page.locator(`#currency option[value=${currency}]:checked`).waitFor({ state: "attached" });
  }
  await setUp(office, server);
  await assertAccessible(office.page, "home");
  await addFirstPackages(office);
  await assertAccessible(office.page, "packages");

  await chooseFile(office, VOUCHERS);
  assert.match(await office.page.getByTestId("import-good").textContent(), /^48 vouchers/);
  await assertAccessible(office.page, "import packages");
  await choosePackages(office, { "WIKI-1": week.packageName });
  const refusedRows = office.page.getByTestId("import-bad").getByRole("listitem");
  await refusedRows.nth(REFUSED.length - 1).waitFor();
  const refused = await refusedRows.allTextContents();
  assert.equal(refused.length, REFUSED.length, refused.join("\n"));
  for (const [index, [line, reason]] of REFUSED.entries()) {
    assert.ok(refused[index].startsWith(`Line ${line}: ${reason}`), refused[index]);
  }
  await assertAccessible(office.page, "import");
  await importVouchers(office, { profile: "WIKI-1", ...week, blockSize: 10 });
  await importVouchers(office, { profile: "MWEZI-1", ...month, blockSize: 6 });

  // The agents, each on a phone.
  for (const [phone, person] of phones) {
    const link = await invite(office, person);
    await assertAccessible(office.page, "invite");
    await accept(phone, link, person);
    await phone.isReadyForOffline();
  }
  for (const [index, [, person]] of phones.entries()) {
    await lease(office, { ...week, index, to: person.name });
    await lease(office, { ...month, index, to: person.name });
  }
  await assertAccessible(office.page, "vouchers");
  await Promise.all(phones.map(([phone]) => hasStock(phone, 16)));
  await assertAccessible(asha.page, "my stock");

  // No signal.
  await server.kill();
  const sold = await Promise.all(
    phones.map(async ([phone, person, plan]) => {
      const sales = [];
      for (const sale of plan.first) {
        sales.push(await sell(phone, sale));
      }
      await pillSays(phone, /^.5 on this phone/);
      if (phone === asha) {
        await assertAccessible(phone.page, "receipt");
        await goTo(phone.page, "Sell");
        await assertAccessible(phone.page, "sell");
      }

      await phone.page.reload();
      await phone.page.getByTestId("sync-pill").waitFor();
      assert.equal((await readSales(phone.page)).length, 5);

      await phone.reopen();
      await phone.page.goto(server.url("/sell"));
      await phone.page.locator("#password").waitFor();
      await assertAccessible(phone.page, "unlock");
      await unlock(phone, server.url("/sell"), person);
      for (const sale of plan.later) {
        sales.push(await sell(phone, sale));
      }
      for (const sale of sales) {
        assert.match(sale.state, /Saved on this phone/);
      }

      // An address inside the app, opened as from a message.
      const rows = await readSales(phone.page);
      assert.deepEqual(rows.map((row) => row.receipt).sort(), sales.map((sale) => sale.receipt).sort());
      await openSale(phone, sales[1].receipt);
      const address = phone.page.url();
      await phone.page.goto("about:blank");
      await phone.page.goto(address);
      const { state, ...first } = await readReceipt(phone.page);
      assert.match(state, /Saved on this phone/);
      assert.deepEqual(first, { receipt: sales[1].receipt, total: sales[1].total, code: sales[1].code });
      return sales;
    }),
  );

  // The server is back.
  await server.start();
  await Promise.all(phones.map(([phone]) => sync(phone)));
  await sync(office);
  await assertAccessible(asha.page, "sync");
  for (const [index, [phone]] of phones.entries()) {
    await listsSales(phone, sold[index], /Safe on server/);
  }

  const all = sold.flat();
  const receipts = all.map((sale) => sale.receipt).sort();
  assert.equal(new Set(receipts).size, all.length, "receipt numbers are unique");
  assert.equal(new Set(all.map((sale) => sale.code)).size, all.length, "codes are sold once");

  // The office, on screen.
  await listsSales(office, all, /Safe on server/);
  const { page } = office;
  assert.equal(number(await page.getByTestId("sales-count").textContent()), all.length);
  assert.equal(number(await page.getByTestId("sales-revenue").textContent()), sum(all));
  for (const [index, [, person]] of phones.entries()) {
    const row = page.getByTestId("cash-by-agent").getByRole("listitem").filter({ hasText: person.name });
    const amounts = (await row.locator(".row-end").textContent()).match(/[\d,]+/g).map(number);
    assert.deepEqual(amounts, [sum(sold[index].filter(inCash)), sum(sold[index])]);
  }
  await assertAccessible(page, "sales");
  await openSale(office, sold[0][3].receipt);
  await page.getByText("Client: Mzee Salum").waitFor();
  await goTo(page, "Vouchers");
  for (const [index] of phones.entries()) {
    for (const { packageName } of [week, month]) {
      const count = sold[index].filter((sale) => sale.packageName === packageName).length;
      await block(page, packageName, index).filter({ hasText: `${count} sold` }).waitFor();
    }
  }

  // And in SQL.
  assert.deepEqual(await server.sql("select receipt from sales order by 1"), receipts.map((receipt) => [receipt]));
  const totals = await server.sql(`
    select p.name, s.method, count(*), sum(s.total_minor)
    from sales s join people p using (org_id, person_id)
    group by 1, 2 order by 1, 2`);
  assert.deepEqual(totals, [
    [ASHA.name, "CASH", ...countAndSum(sold[0].filter(inCash))],
    [ASHA.name, "MPESA", ...countAndSum(sold[0].filter((sale) => !inCash(sale)))],
    [BARAKA.name, "CASH", ...countAndSum(sold[1].filter(inCash))],
    [BARAKA.name, "MPESA", ...countAndSum(sold[1].filter((sale) => !inCash(sale)))],
  ]);
  const [[lines, vouchers, money]] = await server.sql(`
    select count(*), count(distinct (block_id, voucher_index)), sum(price_minor) from sale_lines`);
  assert.deepEqual([lines, vouchers, money], [`${all.length}`, `${all.length}`, inMinorUnits(sum(all))]);
  assert.deepEqual(await server.sql("select kind from verdicts"), []);
  assert.deepEqual(await server.sql("select name, phone from clients"), [["Mzee Salum", "+255754318226"]]);

  const unexpected = [office, asha, baraka].flatMap((device) => device.problems).filter(isNotAboutTheNetwork);
  assert.deepEqual(unexpected, []);
});

const inCash = (sale) => sale.method === "Cash";
const sum = (sales) => sales.reduce((total, sale) => total + sale.total, 0);
const countAndSum = (sales) => [`${sales.length}`, inMinorUnits(sum(sales))];

/** While the server is dead, the browser complains of each request that it could not make. */
const isNotAboutTheNetwork = (problem) =>
  !/ERR_CONNECTION_(REFUSED|RESET|CLOSED)|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED|WebSocket/.test(problem);

/** A larger file of the same shape, which not every checkout has. */
const LARGE = fileURLToPath(new URL("../../../shared/data/mikhmon-vouchers.csv", import.meta.url));

if (existsSync(LARGE)) {
  test("600 rows of a common export are read", async () => {
    const stage = new Stage();
    try {
      const server = await stage.server();
      const office = await stage.desktop("office");
      await setUp(office, server);
      await addFirstPackages(office);
      await chooseFile(office, LARGE);
      assert.match(await office.page.getByTestId("import-good").textContent(), /^549 vouchers/);
      assert.match(await office.page.getByTestId("import-bad-count").textContent(), /^51 rows/);
    } finally {
      await stage.clear();
    }
  });
}
