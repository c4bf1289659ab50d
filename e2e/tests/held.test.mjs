// Somebody's role changed while the phone was away: what it no longer allows is held until the office
// decides, and everything else goes through.

import assert from "node:assert/strict";

import {
  accept,
  addFirstPackages,
  ASHA,
  assertAccessible,
  BARAKA,
  DESKTOP,
  fillIn,
  goTo,
  hasSentAll,
  hasStock,
  importVouchers,
  invite,
  lease,
  listsSales,
  OWNER,
  openSale,
  PHONE,
  pillSays,
  readReceipt,
  readSales,
  sell,
  setUp,
  story,
  takeShot,
  until,
} from "../helpers.mjs";

const week = { packageName: "1 Week" };
const month = { packageName: "1 Month" };
const OTHER_SITE = "Kariakoo";

/** Chooses the site one works at. */
async function workAt({ page }, site) {
  await page.getByRole("button", { name: /^Site: / }).click();
  await page.getByRole("button", { name: site, exact: true }).click();
  await page.getByRole("button", { name: `Site: ${site}` }).waitFor();
}

async function addSite(device, name) {
  const { page } = device;
  await page.getByRole("button", { name: /^Site: / }).click();
  await page.getByRole("button", { name: "Add site" }).click();
  await fillIn(page, { "site-name": name });
  await page.locator("#site-name").waitFor({ state: "detached" });
}

/** Asha sells at two sites, with a block of each; then she loses one of the two roles while offline. */
async function loseRole(stage) {
  const server = await stage.server();
  const office = await stage.desktop("office");
  await setUp(office, server);
  await addFirstPackages(office);
  await importVouchers(office, { profile: "WIKI-1", ...week, blockSize: 10 });
  await addSite(office, OTHER_SITE);
  const asha = await stage.phone("asha");
  const link = await invite(office, ASHA);
  await office.page.getByRole("button", { name: "Add role" }).click();
  await office.page.locator("#place").selectOption({ label: OTHER_SITE });
  await office.page.locator("dialog").getByRole("button", { name: "Add role" }).click();
  await office.page.getByText(`Agent · ${OTHER_SITE}`).waitFor();
  await accept(asha, link, ASHA);
  await asha.isReadyForOffline();
  await lease(office, { ...week, index: 0, to: ASHA.name });
  await workAt(office, OTHER_SITE);
  await importVouchers(office, { profile: "MWEZI-1", ...month, blockSize: 6 });
  await lease(office, { ...month, index: 0, to: ASHA.name });
  await hasStock(asha, 16);

  await asha.goOffline();
  await goTo(office.page, "Staff");
  await office.page.getByRole("link", { name: ASHA.name }).click();
  const remove = office.page.getByRole("button", { name: `Remove Agent · ${OWNER.site}` });
  await remove.click();
  await remove.waitFor({ state: "detached" });
  await pillSays(office, /All safe/);

  await workAt(asha, OWNER.site);
  const held = await sell(asha, { ...week, client: { name: "Mama Neema", phone: "0713 204 118" } });
  await workAt(asha, OTHER_SITE);
  const fine = await sell(asha, month);
  await asha.goOnline();
  await goTo(asha.page, "Sync");
  await asha.page.getByRole("button", { name: "Sync now" }).click();
  await pillSays(asha, /Needs you \(\d\)/);
  return { server, office, asha, held, fine };
}

async function stateOf(device, receipt) {
  const rows = await readSales(device.page);
  return rows.find((row) => row.receipt === receipt)?.state ?? "not there";
}

story("a held sale is seen by both sides and accepted with one click", async (stage) => {
  const { server, office, asha, held, fine } = await loseRole(stage);

  const mine = asha.page.getByTestId("needs-you");
  await mine.filter({ hasText: held.receipt }).filter({ hasText: "A manager must decide" }).waitFor();
  await assertAccessible(asha.page, "held, for the agent");
  assert.match(await stateOf(asha, held.receipt), /Needs you/);
  assert.match(await stateOf(asha, fine.receipt), /Safe on server/);
  await goTo(asha.page, "My day");
  await asha.page.getByTestId("cash-waiting").filter({ hasText: "5,000 waits for a decision" }).waitFor();
  assert.match(await asha.page.getByTestId("day-cash").textContent(), /20,000/);
  await assertAccessible(asha.page, "a day with cash that waits");
  assert.deepEqual(await server.sql("select receipt from sales"), [[fine.receipt]]);

  await goTo(office.page, "Sync");
  const row = office.page.getByTestId("to-decide").getByRole("listitem").filter({ hasText: held.receipt });
  await row.filter({ hasText: `From ${ASHA.name}` }).waitFor();
  // The client she registered with it is not there yet, and the list says no name that nobody has accepted.
  await row.getByTestId("held-edit").filter({ hasText: /^New client: .*Name.*Phone|^New client: .*Phone.*Name/ }).waitFor();
  await takeShot(office.page, "held/office");
  await assertAccessible(office.page, "held, for the office");
  await row.getByRole("button", { name: "Accept" }).click();
  await office.page.getByTestId("to-decide").waitFor({ state: "detached" });

  await pillSays(asha, /All safe/);
  const isSafe = async () => /Safe on server/.test(await stateOf(asha, held.receipt));
  await until(isSafe, "the accepted sale to be safe on the phone");
  await listsSales(office, [held, fine], /Safe on server/);
  await openSale(office, held.receipt);
  assert.equal((await readReceipt(office.page)).code, held.code);
  assert.deepEqual(
    await server.sql("select receipt from sales order by 1"),
    [held.receipt, fine.receipt].sort().map((receipt) => [receipt]),
  );
});

story("a declined sale tells the agent who declined it and why", async (stage) => {
  const { server, office, asha, held, fine } = await loseRole(stage);

  await goTo(office.page, "Sync");
  const row = office.page.getByTestId("to-decide").getByRole("listitem").filter({ hasText: held.receipt });
  await row.getByRole("button", { name: "Decline" }).click();
  await assertAccessible(office.page, "declining");
  await fillIn(office.page, { "decline-reason": "The money was not handed over" });
  await office.page.getByTestId("to-decide").waitFor({ state: "detached" });

  await goTo(asha.page, "Sync");
  const mine = asha.page.getByTestId("needs-you").getByRole("listitem").filter({ hasText: held.receipt });
  await mine.filter({ hasText: `Declined by ${OWNER.owner}: The money was not handed over` }).waitFor();
  assert.deepEqual(await server.sql("select receipt from sales"), [[fine.receipt]]);

  // Read and put away, it is gone from the phone and not counted.
  await mine.getByRole("button", { name: "Dismiss" }).click();
  await asha.page.getByTestId("needs-you").waitFor({ state: "detached" });
  await pillSays(asha, /All safe/);
  const rows = await readSales(asha.page);
  assert.deepEqual(rows.map((row) => row.receipt), [fine.receipt]);
});

/** At the one site. */
async function giveRole({ page }, name, role) {
  await goTo(page, "Staff");
  await page.getByRole("link", { name }).click();
  await page.getByRole("button", { name: "Add role" }).click();
  await page.locator("#role").selectOption(role);
  await page.locator("#place").selectOption({ label: OWNER.site });
  await page.locator("dialog").getByRole("button", { name: "Add role" }).click();
  await page.locator("dialog").waitFor({ state: "detached" });
}

async function takeRole(device, name, role) {
  await goTo(device.page, "Staff");
  await device.page.getByRole("link", { name }).click();
  const remove = device.page.getByRole("button", { name: new RegExp(`^Remove ${role} · ${OWNER.site}`) });
  await remove.click();
  await remove.waitFor({ state: "detached" });
  await hasSentAll(device);
}

/** As it looks in both sizes, and to a screen reader. */
async function lookAt({ page, kind }, name) {
  for (const [size, viewport] of Object.entries({ desk: DESKTOP, phone: PHONE })) {
    await page.setViewportSize(viewport);
    await takeShot(page, `held/${name}-${size}`);
    await assertAccessible(page, `${name} on a ${size}`);
  }
  await page.setViewportSize(kind === "phone" ? PHONE : DESKTOP);
}

story("cash of a sale that waits and of one that was not taken is told apart", async (stage) => {
  const { server, office, asha, held } = await loseRole(stage);
  // From now on the server has no room for more of hers that is held.
  await server.sql("update held_changes set weight = 4 << 20");
  await server.stop();
  await server.start();
  await giveRole(office, ASHA.name, "AGENT");
  await hasSentAll(office);
  await workAt(asha, OWNER.site);
  await asha.goOffline();
  await takeRole(office, ASHA.name, "Agent");
  const refused = await sell(asha, week);
  await asha.goOnline();
  await goTo(asha.page, "Sync");
  await asha.page.getByRole("button", { name: "Sync now" }).click();
  await pillSays(asha, /Needs you \(2\)/);
  const mine = asha.page.getByTestId("needs-you").getByRole("listitem");
  await mine.filter({ hasText: held.receipt }).filter({ hasText: "A manager must decide" }).waitFor();
  await mine.filter({ hasText: refused.receipt }).waitFor();
  await lookAt(asha, "needs-you");
  await goTo(asha.page, "My day");
  await asha.page.getByTestId("cash-waiting").filter({ hasText: "5,000 waits for a decision" }).waitFor();
  await asha.page.getByTestId("cash-refused").filter({ hasText: "5,000 is from sales the server could not take" }).waitFor();
  assert.match(await asha.page.getByTestId("day-cash").textContent(), /25,000/);
  await lookAt(asha, "cash");
});

/** More clients than a verdict names. */
const LIST = [
  "name,phone,email,address,notes",
  ...Array.from({ length: 26 }, (_, n) => {
    const has = (bit, text) => (n & bit ? text : "");
    return [`Client ${n + 1}`, `0742 603 8${10 + n}`, has(1, `c${n}@example.com`), has(2, "Moshi Road"), has(4, "VIP")].join(",");
  }),
].join("\n");

story("a held list of clients says the first of them and how many more there are", async (stage) => {
  const server = await stage.server();
  const office = await stage.desktop("office");
  await setUp(office, server);
  const branch = await stage.desktop("branch");
  await accept(branch, await invite(office, { ...BARAKA, role: "MANAGER" }), BARAKA);
  await giveRole(office, BARAKA.name, "TECHNICAL");
  await pillSays(office, /All safe/);
  await branch.page.getByTestId("sync-pill").waitFor();

  // Read while he may, sent when he may not any more.
  const { page } = branch;
  await goTo(page, "Clients");
  await page.getByRole("link", { name: "Import a list" }).first().click();
  await page.locator("#file").setInputFiles({ name: "clients.csv", mimeType: "text/csv", buffer: Buffer.from(LIST) });
  await page.getByTestId("import-good").waitFor();
  await branch.goOffline();
  await page.getByRole("button", { name: "Register 26 clients" }).click();
  await page.getByRole("heading", { name: "Clients", exact: true, level: 1 }).waitFor();
  await takeRole(office, BARAKA.name, "Manager");
  await branch.goOnline();
  await pillSays(branch, /Needs you/);

  await goTo(office.page, "Sync");
  const row = office.page.getByTestId("to-decide").getByRole("listitem").filter({ hasText: `From ${BARAKA.name}` });
  // Twenty of them are told, what is the same in one line; all but five lines are folded away with the other six.
  await row.filter({ hasText: "New client" }).waitFor();
  const lines = await row.getByTestId("held-edit").allTextContents();
  const counts = lines.map((line) => Number(/^New client: Name, Phone.* × (\d)$/.exec(line)?.[1] ?? 1));
  const sum = (counts) => counts.reduce((sum, count) => sum + count, 0);
  assert.equal(sum(counts), 20, lines.join("; "));
  const folded = row.getByTestId("held-more");
  await folded.filter({ hasText: `and ${26 - sum(counts.slice(0, 5))} more` }).waitFor();
  await folded.locator("summary").click();
  await folded.getByText("Not named here: 6 more.").waitFor();
  await lookAt(office, "many");
  await row.getByRole("button", { name: "Accept" }).click();
  await office.page.getByTestId("to-decide").waitFor({ state: "detached" });
  await pillSays(branch, /All safe/);
  assert.deepEqual(await server.sql("select count(*) from clients"), [["26"]]);
});
