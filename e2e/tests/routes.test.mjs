// Every screen, for an owner and for an agent, on a phone and on a desktop, in light and dark, in English and
// Swahili: nothing for axe, nothing cut off or wider than the screen, everything within reach of the keyboard.

import assert from "node:assert/strict";

import {
  DESKTOP,
  importVouchers,
  inaccessible,
  openSale,
  openShop,
  pathOf,
  patterns,
  PHONE,
  readSales,
  sell,
  speak,
  story,
  sync,
  walkTo,
} from "../helpers.mjs";

/** Each size, theme and language with each other at least once; all of WCAG once a size, contrast once a theme. */
const WALKS = [
  { viewport: DESKTOP, colorScheme: "light", language: "English", keyboard: true },
  { viewport: PHONE, colorScheme: "dark", language: "English", onlyContrast: true },
  { viewport: DESKTOP, colorScheme: "dark", language: "Kiswahili", onlyContrast: true },
  { viewport: PHONE, colorScheme: "light", language: "Kiswahili", keyboard: true },
];

story("every screen is for everybody", async (stage) => {
  const { office, phones } = await openShop(stage);
  const [asha] = phones;
  await importVouchers(office, { profile: "MWEZI-1", packageName: "1 Month", blockSize: 6 });
  await sell(asha, { packageName: "1 Week" });
  await sell(asha, { packageName: "1 Week", client: { name: "Mzee Salum", phone: "0754 318 226" } });
  await sync(asha);
  const [{ receipt }] = await readSales(office.page);
  await openSale(office, receipt);

  const links = new Set();
  const problems = await walk(office, "owner", links);
  problems.push(...(await walk(asha, "agent", links)));
  await noticesWhatIsWrong(office.page);
  const unseen = patterns().filter((pattern) => pathOf(pattern, links) === null);
  assert.deepEqual(unseen, [], "no screen links to these");
  assert.equal(problems.length, 0, problems.join("\n"));
});

/** Walks all screens in each way and answers what is wrong with them. */
async function walk(device, who, links) {
  const { page } = device;
  const problems = [];
  for (const { viewport, colorScheme, language, keyboard, onlyContrast } of WALKS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await speak(device, language);
    // Screens of one thing come last: the others link to them.
    const [whole, single] = [false, true].map((of) => patterns().filter((one) => one.includes(":") === of));
    for (const pattern of [...whole, ...single]) {
      const path = pattern === "/404" ? "/nowhere" : pathOf(pattern, links);
      if (path === null) {
        continue;
      }
      await walkTo(page, path);
      const where = `${who}, ${viewport.width} px, ${colorScheme}, ${language}, ${path}`;
      const found = await inaccessible(page, { onlyContrast });
      found.push(...(await page.evaluate(misfits)));
      if (keyboard) {
        found.push(...(await unreached(page)));
      }
      found.push(...device.problems.splice(0));
      problems.push(...found.map((problem) => `${where}: ${problem}`));
      for (const link of await page.evaluate(linksHere)) {
        links.add(link);
      }
    }
  }
  await speak(device, "English");
  return problems;
}

function linksHere() {
  return [...document.querySelectorAll("main a[href^='/']")].map((link) => new URL(link.href).pathname);
}

/** The checks themselves: a screen that was spoiled on purpose must not pass. */
async function noticesWhatIsWrong(page) {
  await page.setViewportSize(DESKTOP);
  await walkTo(page, "/packages");
  await page.evaluate(() => {
    const main = document.getElementById("main");
    const [narrow, hidden] = [document.createElement("button"), document.createElement("button")];
    narrow.textContent = "A label that does not fit";
    narrow.style.cssText = "width: 40px; overflow: hidden; white-space: nowrap";
    hidden.textContent = "Nobody comes here";
    hidden.tabIndex = -1;
    main.append(narrow, hidden, document.createElement("img"));
  });
  assert.match((await page.evaluate(misfits)).join(), /cut off.*does not fit/);
  assert.match((await unreached(page)).join(), /does not reach.*Nobody comes here/);
  assert.match((await inaccessible(page)).join(), /image-alt/);
}

/** What is wider than its place, and a screen without its one title. */
function misfits() {
  const wrong = [];
  const titles = document.querySelectorAll("main h1").length;
  if (titles !== 1) {
    wrong.push(`${titles} titles`);
  }
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    wrong.push(`the page is ${root.scrollWidth} px wide`);
  }
  for (const element of document.querySelectorAll("button, .btn, .chip, h1, h2, h3, .nav-item > a, .filter-chip")) {
    if (element.clientWidth > 1 && element.scrollWidth > element.clientWidth + 1) {
      wrong.push(`cut off: <${element.tagName.toLowerCase()} class="${element.className}"> ${element.textContent}`);
    }
  }
  return wrong;
}

/** What Tab does not come to, or comes to without showing it. */
async function unreached(page) {
  await page.evaluate(() => {
    document.activeElement?.blur();
    getSelection()?.removeAllRanges();
    const start = document.querySelector("dialog[open]") ?? document.body;
    start.tabIndex = -1;
    start.focus();
    window.reached = new Set();
    window.last = null;
  });
  const wrong = [];
  for (let presses = 0; presses < 150; presses += 1) {
    await page.keyboard.press("Tab");
    const told = await page.evaluate(() => {
      const element = document.activeElement;
      // A field for a date takes several presses.
      const isInside = element === window.last;
      if (!element || element === document.body || (window.reached.has(element) && !isInside)) {
        return "end";
      }
      window.last = element;
      window.reached.add(element);
      const shows = (one) => one && getComputedStyle(one).outlineStyle !== "none" && getComputedStyle(one).outlineWidth !== "0px";
      const carriers = [element, element.closest(".field-box"), element.closest(".field")?.querySelector(".file-button")];
      return carriers.some(shows) ? null : `no focus to be seen: ${element.outerHTML.slice(0, 120)}`;
    });
    if (told === "end") {
      break;
    }
    if (told) {
      wrong.push(told);
    }
  }
  const missed = await page.evaluate(() => {
    (document.querySelector("dialog[open]") ?? document.body).removeAttribute("tabindex");
    const interactive = "a[href], button, input, select, textarea, summary, [tabindex]";
    // An open dialog keeps the keyboard to itself.
    const within = document.querySelector("dialog[open]") ?? document;
    return [...within.querySelectorAll(interactive)]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.disabled)
      // One row of a list is in the order of Tab, arrows lead to the others; the page itself takes the focus only when told to.
      .filter((element) => !element.closest(".list-rows") && element.id !== "main")
      .filter((element) => !window.reached.has(element))
      .map((element) => `Tab does not reach ${element.outerHTML.slice(0, 120)}`);
  });
  return [...wrong, ...missed];
}
