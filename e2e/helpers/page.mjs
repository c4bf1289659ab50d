// What a story looks at on a page besides its text: accessibility and pictures.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { required } from "./server.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** WCAG 2.2 AA, as ui.md promises. Evaluated, not injected: our policy allows no inline script. */
const WCAG = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] };
const CONTRAST = { type: "rule", values: ["color-contrast"] };

/** What axe finds wrong, a text each. `onlyContrast` is what a second theme can change. */
export async function inaccessible(page, { onlyContrast = false } = {}) {
  if (!(await page.evaluate(() => "axe" in window))) {
    await page.evaluate(axeSource);
  }
  const { violations } = await page.evaluate(
    (runOnly) => window.axe.run(document, { runOnly, resultTypes: ["violations"] }),
    onlyContrast ? CONTRAST : WCAG,
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}\n  ${target}\n  ${failureSummary}`),
  );
}

export async function assertAccessible(page, where) {
  const told = await inaccessible(page);
  assert.equal(told.length, 0, `${where ?? page.url()}\n${told.join("\n")}`);
}

/** The texts of a list that are not whole on screen: wider than their cell, or reaching over it. */
export async function cutTexts(page, list, cells) {
  const { measured, cut } = await page.getByTestId(list).locator(cells).evaluateAll((found) => {
    const shown = found.filter((cell) => cell.getClientRects().length > 0);
    const cut = shown
      .filter((cell) => {
        const text = document.createRange();
        text.selectNodeContents(cell);
        const [inside, outside] = [text.getBoundingClientRect(), cell.getBoundingClientRect()];
        return inside.left < outside.left - 1 || inside.right > outside.right + 1;
      })
      .map((cell) => cell.textContent);
    return { measured: shown.length, cut };
  });
  assert.ok(measured > 0, `${list} shows none of ${cells}`);
  return cut;
}

/** A picture below shots/; `name` may contain folders. */
export async function takeShot(page, name) {
  const path = join(required("VIORNET_SHOTS"), `${name}.png`);
  mkdirSync(dirname(path), { recursive: true });
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
  return path;
}
