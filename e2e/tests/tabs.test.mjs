// Two tabs of one person: both sell at once through the one that writes; when that one freezes, the other takes over,
// and the frozen one writes nothing more when it wakes.

import assert from "node:assert/strict";

import {
  ASHA,
  goTo,
  hasStock,
  openSecondTab,
  openShop,
  openTwoTabs,
  pendingReceipts,
  readReceipt,
  receiptsOf,
  receiptsOnServer,
  rendererOf,
  sell,
  story,
  sync,
  unlock,
  until,
} from "../helpers.mjs";

const week = { packageName: "1 Week" };

/** The design gives a silent writer half a second; the rest is opening the stores and the sale itself. */
const TAKE_OVER_MS_MAX = 5_000;
const BUSY = "The app is open in another tab that did not answer.";

const codesOf = (sales) => new Set(sales.map((sale) => sale.code));

story("two tabs sell at the same time, and no voucher twice", async (stage) => {
  const { server, first, second } = await openTwoTabs(stage);
  const sellFive = async (tab) => {
    const sold = [];
    for (let sale = 0; sale < 5; sale += 1) {
      sold.push(await sell(tab, week));
    }
    return sold;
  };
  const sold = (await Promise.all([sellFive(first), sellFive(second)])).flat();
  assert.equal(codesOf(sold).size, 10);
  await server.start();
  await sync(second);
  assert.deepEqual(await receiptsOnServer(server), receiptsOf(sold));
});

/** As who turns to another tab: Chromium paints one behind another so rarely that each tap in it takes seconds. */
async function turnTo({ page }) {
  await page.bringToFront();
}

async function choose(tab) {
  const { page } = tab;
  await turnTo(tab);
  await goTo(page, "Sell");
  await page.locator("button.tile").filter({ hasText: "1 Week" }).click();
  return page.getByRole("button", { name: "Cash paid" });
}

story("a frozen page does not keep the other tab from selling, and goes on when it is thawed", async (stage) => {
  const { server, first, second } = await openTwoTabs(stage);
  const sold = [await sell(first, week), await sell(second, week)];
  const session = await first.page.context().newCDPSession(first.page);
  await session.send("Page.enable");
  await session.send("Page.setWebLifecycleState", { state: "frozen" });
  sold.push(await sell(second, week), await sell(second, week));
  await session.send("Page.setWebLifecycleState", { state: "active" });
  sold.push(await sell(first, week), await sell(second, week));
  assert.equal(codesOf(sold).size, sold.length);
  await server.start();
  await sync(second);
  assert.deepEqual(await receiptsOnServer(server), receiptsOf(sold));
});

story("the tab that writes stops: the other takes over, and the first writes nothing more", async (stage) => {
  const { server, phone, first, second } = await openTwoTabs(stage);
  const sold = [await sell(first, week), await sell(second, week)];
  await choose(second);

  // A tap that comes at the very moment when the stopped tab goes on: it knows nothing of the take-over yet.
  await choose(first);
  const pid = await rendererOf(phone, first.page);
  await first.page.evaluate(() => {
    setTimeout(() => document.querySelector(".paybar-cash").click(), 1_000);
  });
  process.kill(pid, "SIGSTOP");
  await turnTo(second);
  const begun = Date.now();
  sold.push(await sell(second, week));
  const took = Date.now() - begun;
  assert.ok(took < TAKE_OVER_MS_MAX, `the other tab sold after ${took} ms`);
  sold.push(await sell(second, week));

  process.kill(pid, "SIGCONT");
  // It has lost the stores, so it shows nothing of them any more.
  await first.page.locator("#password").waitFor();
  sold.push(await sell(second, week));
  assert.deepEqual(await pendingReceipts(second), receiptsOf(sold));

  await phone.reopen();
  await unlock(phone, server.url("/pending"), ASHA);
  assert.deepEqual(await pendingReceipts(phone), receiptsOf(sold));
  assert.equal(codesOf(sold).size, sold.length);
  await server.start();
  await sync(phone);
  assert.deepEqual(await receiptsOnServer(server), receiptsOf(sold));
  await hasStock(phone, 10 - sold.length);
});

/** As long as the app waits for a stopped tab, and a little. */
const HELD_MS_MAX = 15_000;

/**
 * The sale of the other tab. A tab that is stopped within its transaction holds the database until it goes on, or until the
 * browser ends it; then the other says so in time, and sells when the first goes on.
 */
async function sellBeside(tab, goOn) {
  const { page } = tab;
  await page.getByRole("button", { name: "Cash paid" }).click();
  const sold = page.getByRole("heading", { name: "Sold" });
  await sold.or(page.getByText(BUSY)).first().waitFor({ timeout: HELD_MS_MAX });
  const wasHeld = !(await sold.isVisible());
  goOn();
  if (wasHeld) {
    await until(
      async () => (await sold.isVisible()) || page.getByRole("button", { name: "Cash paid" }).click({ timeout: 1_000 }).then(() => false, () => false),
      "the sale after the first tab went on",
    );
  }
  return readReceipt(page);
}

story("a tab stops in the middle of a sale, again and again, and no voucher is sold twice", async (stage) => {
  const { server, phone, first, second } = await openTwoTabs(stage);
  const known = new Set();
  const codes = new Set();
  let [writer, other] = [first, second];
  for (const wait of [0, 4, 8, 16, 30]) {
    const cash = await choose(writer);
    await choose(other);
    const pid = await rendererOf(phone, writer.page);
    await cash.click();
    await new Promise((resolve) => setTimeout(resolve, wait));
    process.kill(pid, "SIGSTOP");
    await turnTo(other);
    const sold = await sellBeside(other, () => process.kill(pid, "SIGCONT"));
    await writer.page.locator("#password").waitFor();
    assert.ok(!codes.has(sold.code), `${sold.code} was sold before`);
    codes.add(sold.code);
    known.add(sold.receipt);

    // What was tapped at the stop happened or did not; once it is seen, it stays.
    const listed = await pendingReceipts(other);
    assert.equal(new Set(listed).size, listed.length);
    assert.deepEqual([...known].filter((receipt) => !listed.includes(receipt)), []);
    assert.ok(listed.length <= known.size + 1, `${listed} after ${[...known]}`);
    listed.forEach((receipt) => known.add(receipt));
    await unlock(writer, server.url("/sell"), ASHA);
    [writer, other] = [other, writer];
  }
  await server.start();
  await sync(writer);
  assert.deepEqual(await receiptsOnServer(server), [...known].sort());
  const [[double, vouchers]] = await server.sql(
    "select (select count(*) from sales where status <> 'standing'), count(distinct (block_id, voucher_index)) from sale_lines",
  );
  assert.deepEqual([double, vouchers], ["0", `${known.size}`]);
});

/** Counts what the page asks its worker from now on. */
const countQuestions = (page) =>
  page.evaluate(() => {
    const ask = Worker.prototype.postMessage;
    window.questions = 0;
    Worker.prototype.postMessage = function (...message) {
      window.questions += 1;
      return ask.apply(this, message);
    };
  });

story("a signal that comes back asks for a connection and for nothing else", async (stage) => {
  const { server, phones } = await openShop(stage);
  const [phone] = phones;
  const first = { name: "first tab", page: phone.page };
  const second = await openSecondTab(phone, server);
  for (const tab of [second, first]) {
    await turnTo(tab);
    await goTo(tab.page, "My day");
    await tab.page.getByTestId("day-cash").waitFor();
    await countQuestions(tab.page);
  }
  const questions = async () => [
    await first.page.evaluate(() => window.questions),
    await second.page.evaluate(() => window.questions),
  ];
  // It is connected, so that nothing becomes of the try.
  await first.page.evaluate(() => dispatchEvent(new Event("online")));
  await first.page.waitForTimeout(2_000);
  assert.deepEqual(await questions(), [1, 0]);
  // What has changed is asked for as ever, in both.
  await sell(first, week);
  const haveAsked = async () => (await questions()).every((count) => count > 1);
  await until(haveAsked, "both tabs to ask again");
});
