// What is read on another day: a receipt, and a screen that stays open over midnight.

import assert from "node:assert/strict";

import { ASHA, goTo, openShop, sell, signIn, story, sync, until } from "../helpers.mjs";
import { buildWith } from "../helpers/builds.mjs";

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

story("a receipt on paper has its date, and Copied is said of what was copied", async (stage) => {
  const { phones } = await openShop(stage);
  const [{ page }] = phones;
  await sell(phones[0], { packageName: "1 Week" });
  const receipt = page.getByTestId("receipt");
  assert.match(await receipt.innerText(), /today \d\d:\d\d/);
  await page.emulateMedia({ media: "print" });
  const printed = await receipt.innerText();
  // Where the phone is: on New Year's Eve that is another year than where the story is told.
  const year = await page.evaluate(() => new Date().getFullYear());
  assert.match(printed, new RegExp(`\\b${year} \\d\\d:\\d\\d`));
  assert.doesNotMatch(printed, /today/);
  await page.emulateMedia({ media: "screen" });

  await page.evaluate(() => {
    navigator.clipboard.writeText = (text) => {
      window.copied = text;
      return window.refusesToCopy ? Promise.reject(new Error("no")) : Promise.resolve();
    };
    window.refusesToCopy = true;
  });
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await page.getByText("The browser did not copy it").waitFor();
  await page.evaluate(() => (window.refusesToCopy = false));
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await page.getByText("Copied", { exact: true }).waitFor();
  assert.match(await page.evaluate(() => window.copied), new RegExp(`\\b${year} \\d\\d:\\d\\d$`));
});

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

/** A phone that speaks so is one whose battery died: page and worker wake up more than a year ago. */
const FALLEN = "en-ZA";
const FALL_BACK = `if (navigator.language === "${FALLEN}") { const now = Date.now.bind(Date); Date.now = () => now() - ${400 * DAY_MS}; }\n`;

story("a phone whose clock fell back knows which day it is from the server", async (stage) => {
  const { server, phones } = await openShop(stage, { server: { web: buildWith(FALL_BACK) } });
  const [phone] = phones;
  await sell(phone, { packageName: "1 Week" });
  await sync(phone);

  const other = await stage.phone("asha-again", { locale: FALLEN });
  await signIn(other, server, ASHA);
  await goTo(other.page, "My day");
  await says(other.page, "day-sold", "1");
  const days = await other.page.locator(".bars-box tbody tr").allTextContents();
  assert.match(days.at(-1), /^Today1 sale,/);
  assert.ok(await other.page.evaluate((day) => Date.now() < new Date().getTime() - 300 * day, DAY_MS), "the clock is right");
  await goTo(other.page, "Sales");
  assert.match(await other.page.getByTestId("sales").locator(".sale-time").first().textContent(), /^today /);
});
