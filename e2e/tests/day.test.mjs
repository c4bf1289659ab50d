// The figures of a day, on a screen that stays open over midnight.

import assert from "node:assert/strict";

import { goTo, openShop, sell, story, until } from "../helpers.mjs";

const DAY_MS = 86_400_000;

/** The page's clock, on which its labels are; what is written down is timed by the worker. */
async function letADayPass(page) {
  await page.evaluate((ms) => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + ms;
  }, DAY_MS);
}

async function says(page, id, text) {
  const figure = page.getByTestId(id);
  await until(async () => (await figure.textContent()) === text, `${id} to say ${text}`, 40_000);
}

story("after midnight a screen that was left open begins the new day", async (stage) => {
  const { phones } = await openShop(stage);
  const [phone] = phones;
  const { page } = phone;
  await sell(phone, { packageName: "1 Week" });
  await goTo(page, "My day");
  await says(page, "day-sold", "1");
  const cash = await page.getByTestId("day-cash").textContent();

  await letADayPass(page);
  await says(page, "day-sold", "0");
  await says(page, "day-cash", cash);
  const days = await page.locator(".bars-box tbody tr").allTextContents();
  assert.match(days.at(-1), /^Today0 sales/);
  assert.match(days.at(-2), /1 sale,/);
  await goTo(page, "Sell");
  await says(page, "sold-today", "0");
});
