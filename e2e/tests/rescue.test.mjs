// A phone that cannot connect: its work travels as a file, and nothing of it comes twice.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";

import { assertAccessible, goTo, openShop, sell, story, sync, takeShot, temporaryFolder } from "../helpers.mjs";

const week = { packageName: "1 Week" };

async function saveRescue({ page }, folder) {
  await goTo(page, "Sync");
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save rescue file" }).click(),
  ]);
  const file = path.join(folder, saved.suggestedFilename());
  await saved.saveAs(file);
  return file;
}

async function carry({ page }, file) {
  await goTo(page, "Sync");
  const carrying = page.getByTestId("carry-rescue");
  if ((await carrying.getAttribute("open")) === null) {
    await carrying.locator("summary").click();
  }
  await page.locator("#rescue-file").setInputFiles(file);
  return carrying;
}

story("the office sends what a phone without a connection has sold", async (stage) => {
  const { server, office, phones } = await openShop(stage);
  const [phone] = phones;
  await phone.goOffline();
  const sold = [await sell(phone, week), await sell(phone, week), await sell(phone, week)];
  const folder = temporaryFolder("rescue");
  const file = await saveRescue(phone, folder);
  await takeShot(phone.page, "rescue-phone");

  const notOne = path.join(folder, "not-one.vrn");
  await writeFile(notOne, "code,price\n");
  const carrying = await carry(office, notOne);
  await carrying.getByText("This is not a rescue file").waitFor();
  for (const times of [1, 2]) {
    await carry(office, file);
    await carrying.getByText("3 entries of the file are safe").waitFor();
    const receipts = (await server.sql("select receipt from sales order by receipt")).flat();
    assert.deepEqual(receipts, sold.map((one) => one.receipt).sort(), `sent ${times} times`);
    await assertAccessible(office.page, "a rescue file that was sent");
    await takeShot(office.page, `rescue-office-${times}`);
    await goTo(office.page, "Sales");
  }
  await phone.goOnline();
  await sync(phone);
  assert.equal((await server.sql("select receipt from sales")).length, 3, "three and no more");
});
