// `cargo xtask prove browser [kills]`: the browser is killed that often, and the figures are printed. What else can
// befall a browser (no room, two tabs, a frozen one, a new version) is told by the stories that run after it.

import { Stage } from "../helpers.mjs";
import { proveKills } from "./kills.mjs";

const [kills = 300, seed = 1] = process.argv.slice(2).map(Number);
const stage = new Stage();
const begun = Date.now();
try {
  const figures = await proveKills(stage, { kills, seed, say: console.log });
  print(figures, Math.round((Date.now() - begun) / 1000));
} catch (error) {
  await stage.tellWhatIsThere("proof");
  throw error;
} finally {
  await stage.clear();
}

function print(figures, seconds) {
  const { kills: at, damage, server } = figures;
  const moments = Object.entries(at).map(([moment, count]) => `${count} ${moment}`);
  const times = figures.roundMs.toSorted((a, b) => a - b);
  const rows = {
    "kills of the whole browser": `${figures.roundMs.length} (${moments.join(", ")})`,
    "starts checked": figures.checks,
    "sales shown as sold before a kill": figures.shown,
    "tapped at the kill, there after it": figures.shownLater,
    "tapped at the kill, not there after it": figures.hiddenAndGone,
    "shown as sold, and gone": figures.lostToBoth,
    "sold twice": server.double,
    "sales on the server, and vouchers in them": `${server.sales}, ${server.vouchers}`,
    "their sum, shown and on the server": `${figures.shillings}, ${server.total / 100}`,
    "IndexedDB wiped by Chromium, recovered": figures.wipes,
    "IndexedDB removed, damaged by us": `${damage.removed}, ${damage.damaged}`,
    "... recovered, of no consequence": `${figures.wipesByUs}, ${figures.unnoticed}`,
    "journal without its tail": damage.torn,
    "... and IndexedDB wiped by Chromium as well": figures.bothAtOnce,
    "a round, median and longest": `${times[times.length >> 1]} ms, ${times.at(-1)} ms`,
    "in all": `${seconds} s, seed ${seed}`,
  };
  for (const [warning, count] of Object.entries(figures.warnings)) {
    rows[`"${warning}"`] = count;
  }
  console.log();
  for (const [name, value] of Object.entries(rows)) {
    console.log(`  ${name.padEnd(46)} ${value}`);
  }
}
