// Stock goes from hand to hand: asked for, leased, handed over while one of two phones has no signal, and returned.

import assert from "node:assert/strict";

import {
  ASHA,
  assertAccessible,
  BARAKA,
  block,
  fillIn,
  goTo,
  hasNoStock,
  hasStock,
  openShop,
  OWNER,
  pillSays,
  sell,
  story,
  sync,
} from "../helpers.mjs";

const week = { packageName: "1 Week" };

/** Asks for a package of which nothing is left, from its tile. */
async function askForStock({ page }, quantity) {
  await goTo(page, "Sell");
  await page.locator("button.tile", { hasText: "1 Week" }).click();
  await page.getByRole("button", { name: "Ask for stock" }).click();
  await fillIn(page, { "ask-quantity": `${quantity}`, "ask-note": "Saturday is market day" });
  await page.locator("#ask-quantity").waitFor({ state: "detached" });
}

/** Parts with the only block of this device; answers the code for a taker without signal. */
async function handOver({ page }, to) {
  await goTo(page, "My stock");
  await page.getByTestId("stock-block").getByRole("button", { name: "Hand over" }).click();
  await page.locator("#give-to").selectOption({ label: to });
  await page.locator("dialog").getByRole("button", { name: "Hand over" }).click();
  await page.getByRole("button", { name: "Show code" }).click();
  const code = await page.getByTestId("hand-over-code").textContent();
  await page.locator("dialog").getByRole("button", { name: "Close" }).click();
  return code.trim();
}

/** Its heading greets, so that it cannot be waited for by name. */
async function goHome({ page }) {
  const menu = page.getByRole("navigation", { name: "Main menu" });
  await menu.getByRole("link", { name: "Home", exact: true }).click();
}

story("ho1 stock is asked for, leased, handed over with no signal, and returned", async (stage) => {
  const { server, office, phones } = await openShop(stage, { agents: [ASHA, BARAKA], leased: [] });
  const [asha, baraka] = phones;

  // Asked for, and answered with a block.
  await askForStock(asha, 20);
  await pillSays(asha, /All safe/);
  await goHome(office);
  await office.page.getByRole("link", { name: "1 ask for vouchers" }).click();
  const ask = office.page.getByTestId("ask").filter({ hasText: `${ASHA.name} asks for 20 vouchers of 1 Week` });
  await ask.filter({ hasText: "Saturday is market day" }).waitFor();
  await assertAccessible(office.page, "asks");
  await ask.getByRole("button", { name: "Choose a block" }).click();
  await block(office.page, "1 Week", 0).getByRole("button", { name: "Lease" }).click();
  await office.page.getByRole("button", { name: "Lease block" }).click();
  await office.page.getByTestId("asks").waitFor({ state: "detached" });
  await hasStock(asha, 10);
  await asha.page.getByTestId("own-ask").filter({ hasText: "Arrived" }).waitFor();
  await assertAccessible(asha.page, "my stock with an ask");

  const sold = [];
  for (let count = 0; count < 3; count += 1) {
    sold.push(await sell(asha, week));
  }

  // Handed over: Baraka has no signal and types the code.
  await baraka.goOffline();
  const code = await handOver(asha, BARAKA.name);
  await assertAccessible(asha.page, "my stock, leaving");
  await goTo(asha.page, "Sell");
  await asha.page.locator("button.tile", { hasText: "none left" }).first().waitFor();
  await goTo(baraka.page, "My stock");
  await baraka.page.getByRole("button", { name: "Enter code" }).click();
  await fillIn(baraka.page, { "take-code": `${code.slice(0, -1)}${code.endsWith("A") ? "B" : "A"}` });
  await baraka.page.getByText("That is not a hand-over code").waitFor();
  await fillIn(baraka.page, { "take-code": code.toLowerCase() });
  await baraka.page.getByTestId("taken-waiting").filter({ hasText: "Waiting for the server" }).waitFor();
  await baraka.page.getByText("The server moves the codes when both phones have been online").first().waitFor();
  await assertAccessible(baraka.page, "my stock, taken");
  await pillSays(asha, /All safe/);
  await hasStock(asha, 0);

  await baraka.goOnline();
  await sync(baraka);
  await hasStock(baraka, 7);
  await hasNoStock(asha);
  for (let count = 0; count < 2; count += 1) {
    sold.push(await sell(baraka, week));
  }
  assert.equal(new Set(sold.map((sale) => sale.code)).size, sold.length, "no code is on two phones");
  await pillSays(baraka, /All safe/);

  // Back to the office, which confirms.
  await handOver(baraka, "Back to the office");
  await pillSays(baraka, /All safe/);
  await goHome(office);
  await office.page.getByRole("link", { name: "1 block comes back" }).click();
  const offer = office.page.getByTestId("offer").filter({ hasText: "5 vouchers of 1 Week" });
  await offer.filter({ hasText: `From ${BARAKA.name}` }).getByRole("button", { name: "Confirm return" }).click();
  await office.page.getByTestId("offers").waitFor({ state: "detached" });
  await hasNoStock(baraka);

  // Counts and history, at the office and in SQL.
  await goTo(office.page, "Vouchers");
  const row = block(office.page, "1 Week", 0);
  await row.getByTestId("holder").filter({ hasText: "In the office" }).waitFor();
  await row.filter({ hasText: "5 unused · 5 sold" }).waitFor();
  await row.getByRole("link").click();
  await office.page.getByTestId("history").waitFor();
  const history = await office.page.getByTestId("history").getByRole("listitem").allTextContents();
  for (const line of [
    `${OWNER.owner} made it`,
    `${OWNER.owner} leased it to ${ASHA.name}`,
    `${ASHA.name} handed it over to ${BARAKA.name}, 7 vouchers left`,
    `${BARAKA.name} returned it, 5 vouchers left; confirmed by ${OWNER.owner}`,
  ]) {
    assert.ok(history.some((told) => told.includes(line)), `${line}\n${history.join("\n")}`);
  }
  await assertAccessible(office.page, "a block");
  const turns = await server.sql(`
    select coalesce(p.name, 'office') from lease_turns t left join people p using (org_id, person_id) order by turn`);
  assert.deepEqual(turns, [[ASHA.name], [BARAKA.name], ["office"]]);
  assert.deepEqual(await server.sql("select ended_how from hand_overs order by seq"), [["taken"], ["taken"]]);
  assert.deepEqual(await server.sql("select ended_how from stock_asks"), [["met"]]);
  assert.deepEqual(await server.sql("select kind from verdicts where kind <> 'sold_elsewhere'"), []);
});
