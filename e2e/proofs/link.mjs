// A phone behind a very poor link: 50 kbit/s, 400 ms each way, one segment in twenty lost, and everything cut every
// 20 s. How long until what was sold offline is safe; how long an agent's first sign-in takes; what a day costs.

import assert from "node:assert/strict";

import { ASHA, Device, pillSays, Server, signIn } from "../helpers.mjs";
import { fill } from "../helpers/bench.mjs";
import { printTable } from "../helpers/figures.mjs";
import { GOOD, Link, POOR } from "../helpers/poor-link.mjs";

const SALES = Number(process.argv[2] ?? 500);
const ONLINE_SALES = 20;
const SALES_A_DAY = 100;
const HOURS_A_DAY = 12;
/** An idle phone pings after three minutes: two of them, and a little. */
const QUIET_MS = 365_000;
const INSTALL_MS = 400_000;
/** TCP and IP (with timestamps), and a TLS 1.3 record, around each segment; and a segment that only acknowledges. */
const SEGMENT_OVERHEAD = 52 + 22;
const ACK_BYTES = 52;

const server = await Server.start();
const phones = [];
let poor;
try {
  await fill(server, "agent", 1);
  poor = await Link.open(server.port);
  await server.stop();
  server.allow(`http://localhost:${poor.port}`);
  await server.start();
  const address = `http://localhost:${poor.port}`;
  const through = { url: (path) => address + path };
  const open = async (name) => {
    const phone = await Device.open(name, { kind: "phone" });
    phones.push(phone);
    return phone;
  };
  const isHere = (phone) =>
    phone.page.locator("button.tile:not(.tile-none)").first().waitFor({ timeout: 600_000 });

  // The application is on the phone already, as on one that the office hands out; the person is new to it.
  const phone = await open("asha");
  await phone.page.goto(through.url("/"));
  await phone.isReadyForOffline();
  poor.become(POOR);
  poor.count();
  let begin = performance.now();
  await signIn(phone, through, ASHA).catch((error) => console.log(`first try: ${error.message.split("\n")[0]}`));
  const signedIn = seconds(begin);
  await phone.page.goto(through.url("/sell"));
  await isHere(phone);
  const firstSync = seconds(begin);
  const { up, down } = poor.count();
  printTable("first sign-in of an agent over it", ["", "s", "bytes up", "bytes down"], [
    ["signed in", signedIn, "", ""],
    ["has what she sells", firstSync, up.bytes, down.bytes],
  ]);

  // The application itself, on a phone that has nothing, for as long as somebody might wait.
  const installs = [];
  for (const [name, quality] of [["cut every 20 s", POOR], ["not cut", { ...POOR, cutEveryMs: Infinity }]]) {
    const blank = await open("blank");
    poor.become(quality);
    poor.count();
    begin = performance.now();
    const installed = await install(blank, address);
    installs.push([name, installed ? seconds(begin) : "no", poor.count().down.bytes]);
    await blank.close();
  }
  printTable(`the application, installed within ${INSTALL_MS / 1000} s`, ["", "s", "bytes down"], installs);

  // Sold with no signal.
  poor.become(GOOD);
  await pillSays(phone, /All safe/, 60_000);
  const before = await sold(server);
  poor.goDown();
  await sellMany(phone, SALES);
  await pillSays(phone, new RegExp(`${SALES} on this phone`));
  poor.become(POOR);
  poor.cuts = 0;
  poor.count();
  begin = performance.now();
  await phone.context.setOffline(true);
  await phone.context.setOffline(false);
  await pillSays(phone, /All safe/, 600_000);
  const safe = seconds(begin);
  const counted = poor.count();
  assert.equal((await sold(server)) - before, SALES);
  printTable("sold with no signal, then sent over it", ["", "s until safe", "cuts", "bytes up", "bytes down"], [
    [`${SALES} sales`, safe, poor.cuts, counted.up.bytes, counted.down.bytes],
  ]);

  // A day online. What a sale costs, and what silence costs, is counted; the day is computed.
  poor.become(GOOD);
  await pillSays(phone, /All safe/, 60_000);
  await sellMany(phone, 1);
  await pillSays(phone, /All safe/, 60_000);
  await settle();
  poor.count();
  for (let sale = 0; sale < ONLINE_SALES; sale += 1) {
    await sellMany(phone, 1);
    await pillSays(phone, /All safe/, 60_000);
    await settle();
  }
  const selling = poor.count();
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  const quiet = poor.count();
  assert.equal(selling.connections + quiet.connections, 0, "one connection carries it all");
  const payload = (count) => count.up.bytes + count.down.bytes;
  const onWire = (count) =>
    payload(count) + (count.up.segments + count.down.segments) * (SEGMENT_OVERHEAD + ACK_BYTES);
  const sale = (bytes) => (bytes(selling) * SALES_A_DAY) / ONLINE_SALES;
  const silence = (bytes) => (bytes(quiet) * HOURS_A_DAY * 3_600_000) / QUIET_MS;
  const each = (count) => (count / ONLINE_SALES).toFixed(0);
  console.log(`\na sale online: ${each(selling.up.bytes)} bytes up, ${each(selling.down.bytes)} bytes down`);
  const row = (name, bytes) => [name, sale(bytes) / SALES_A_DAY, sale(bytes) / 1000, silence(bytes) / 1000, (sale(bytes) + silence(bytes)) / 1000];
  printTable(
    `a day of ${SALES_A_DAY} sales one at a time, ${HOURS_A_DAY} h online`,
    ["", "bytes a sale", "sales kB", "heartbeats kB", "day kB"],
    [row("WebSocket frames", payload), row("with TLS, TCP and IP", onWire)],
  );
} finally {
  await Promise.all(phones.map((phone) => phone.remove()));
  await poor?.close();
  await server.remove();
}

/** Opens the address, again when it fails, until the app would start offline. */
async function install(phone, address) {
  const deadline = performance.now() + INSTALL_MS;
  while (performance.now() < deadline) {
    const timeout = Math.max(1, deadline - performance.now());
    const ready = phone.page
      .goto(address, { timeout, waitUntil: "commit" })
      .then(() => phone.page.locator("#login, #load-failed:not([hidden])").first().waitFor({ timeout }))
      .then(() => phone.page.locator("#login").isVisible())
      .then((isOpen) => isOpen && untilInstalled(phone, deadline));
    if (await ready.catch(() => false)) {
      return true;
    }
  }
  return false;
}

/** A failed installation is tried again with the next page. */
async function untilInstalled({ page }, deadline) {
  while (performance.now() < deadline) {
    const state = await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      return registration?.active ? "active" : registration?.installing ? "installing" : "failed";
    });
    if (state !== "installing") {
      return state === "active";
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return false;
}

function seconds(begin) {
  return (performance.now() - begin) / 1000;
}

async function sold(server) {
  return Number((await server.sql("select count(*) from sales"))[0][0]);
}

/** Acks and what follows from them. */
function settle() {
  return new Promise((resolve) => setTimeout(resolve, 300));
}

async function sellMany({ page }, count) {
  const again = page.getByRole("link", { name: "Sell again" });
  const tile = page.locator("button.tile:not(.tile-none)").first();
  const cash = page.locator(".paybar-cash:not([disabled])");
  for (let sale = 0; sale < count; sale += 1) {
    if (await again.isVisible()) {
      await again.tap();
    } else {
      await tile.tap();
    }
    await cash.tap();
    await page.getByTestId("receipt").waitFor();
  }
}
