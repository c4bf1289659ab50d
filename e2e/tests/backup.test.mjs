// A server that goes back to an older backup: what phones sold since then comes back from the phones.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import {
  ASHA,
  assertAccessible,
  BARAKA,
  fillIn,
  goTo,
  inMinorUnits,
  listsSales,
  number,
  openShop,
  OWNER,
  pillSays,
  sell,
  setUp,
  signIn,
  story,
  sync,
  takeShot,
  temporaryFolder,
  unlock,
  until,
} from "../helpers.mjs";

const week = { packageName: "1 Week" };

story("a restored server gets back what was sold after the backup", async (stage) => {
  const { server, office, phones } = await openShop(stage, { agents: [ASHA, BARAKA] });
  const [asha, baraka] = phones;
  const folder = temporaryFolder("backup");
  const file = join(folder, "monday.viornet");

  const sold = [await sell(asha, week), await sell(baraka, week)];
  await sync(asha);
  await sync(baraka);
  const told = await server.command("backup", file);
  assert.match(told.stdout, /2 sales/);
  assert.match(told.stdout, /Whoever has this file has everything/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match((await server.command("backup", "--check", file)).stdout, /is whole/);
  const broken = join(folder, "broken.viornet");
  writeFileSync(broken, "ViorNet backup\r\nand nothing more");
  await assert.rejects(server.command("restore", broken, "--replace"), /not whole/);

  // All safe on the server, which then loses its disk.
  sold.push(await sell(asha, week), await sell(baraka, week), await sell(asha, week));
  await sync(asha);
  await sync(baraka);
  await assert.rejects(server.command("restore", file, "--replace"), /a ViorNet server is connected/);
  const total = sold.reduce((sum, sale) => sum + sale.total, 0);
  await cash(office, server, sold.length, total);
  await server.stop();
  await assert.rejects(server.command("restore", file), /--replace/);
  const restored = await server.command("restore", file, "--replace");
  assert.match(restored.stdout, /kept in the same database, as schema before_\d{8}_\d{6}/);
  assert.deepEqual(await server.sql("select count(*) from sales"), [["2"]]);
  // Nor is a token of the old life good any more, as if more than its ten minutes had passed.
  await server.sql("update server_keys set secret = sha256(secret) where name = 'tokens'");
  await server.start();

  // Every sign-in has ended. The app says so where it is open, and goes on there with the password.
  for (const [device, { password }] of [[asha, ASHA], [baraka, BARAKA], [office, OWNER]]) {
    await pillSays(device, /Sign in again/);
    await goTo(device.page, "Sync");
    await device.page.getByTestId("sync-state").getByText(/ended your session/).waitFor();
    await assertAccessible(device.page, "signed out");
    await takeShot(device.page, `backup/signed-out-${device.name}`);
    await fillIn(device.page, { "again-password": "not the right one" });
    await device.page.getByTestId("failure").waitFor();
    await fillIn(device.page, { "again-password": password });
    await device.page.getByTestId("sync-state").getByText(/ended your session/).waitFor({ state: "detached" });
  }
  for (const device of [asha, baraka, office]) {
    await sync(device);
  }
  await cash(office, server, sold.length, total);
  await listsSales(office, sold);
  assert.deepEqual(await server.sql("select count(*) from verdicts"), [["0"]]);

  // Closed and opened, it asks for the password as ever.
  await asha.page.evaluate(() => sessionStorage.clear());
  await unlock(asha, server.url("/sell"), ASHA);
  const next = await sell(asha, week);
  await sync(asha);
  await pillSays(asha, /All safe/);
  await cash(office, server, sold.length + 1, total + next.total);
  assert.deepEqual(readdirSync(dirname(file)).filter((name) => name.endsWith(".part")), []);
});

story("the owner renames the business and takes a copy of everything", async (stage) => {
  const server = await stage.server();
  const office = await stage.desktop("office");
  await setUp(office, server);
  await goTo(office.page, "Settings");
  await fillIn(office.page, { organisation: "Pwani Net Mpya" });
  const named = async () => (await server.sql("select name from organisations"))[0][0] === "Pwani Net Mpya";
  await until(named, "the new name in SQL");

  const [download] = await Promise.all([
    office.page.waitForEvent("download"),
    office.page.getByTestId("export").click(),
  ]);
  assert.match(download.suggestedFilename(), /^viornet-\d+\.zip$/);
  const bytes = readFileSync(await download.path());
  assert.equal(bytes.subarray(0, 2).toString(), "PK");
  assert.ok(bytes.includes("csv/sales.csv") && bytes.includes("json/audit.json"));
  await office.page.getByTestId("export-step").filter({ hasText: "Downloaded" }).waitFor();
  const trail = await server.sql("select count(*) from audit where action = 'EverythingExported'");
  assert.deepEqual(trail, [["1"]]);
  await assertAccessible(office.page, "settings on a desktop");
  await takeShot(office.page, "settings-desktop");

  const phone = await stage.phone("owner");
  await signIn(phone, server, OWNER);
  await goTo(phone.page, "Settings");
  await server.kill();
  await phone.page.getByTestId("export-offline").waitFor();
  assert.ok(await phone.page.getByTestId("export").isDisabled());
  await assertAccessible(phone.page, "settings on a phone");
  await phone.page.locator("#main").getByRole("button", { name: "Kiswahili" }).click();
  await phone.page.getByRole("heading", { name: "Mipangilio", level: 1 }).waitFor();
  assert.ok(await phone.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
  await takeShot(phone.page, "settings-phone");
});

/** The office's screen and SQL say the same. */
async function cash(office, server, count, total) {
  const expected = [[`${count}`, inMinorUnits(total)]];
  const rows = await server.sql("select count(*), sum(total_minor) from sales");
  assert.deepEqual(rows, expected);
  await goTo(office.page, "Sales");
  const sales = office.page.getByTestId("sales").getByRole("listitem");
  await sales.nth(count - 1).waitFor();
  const revenue = office.page.getByTestId("sales-revenue");
  assert.equal(number(await revenue.textContent()), total);
}
