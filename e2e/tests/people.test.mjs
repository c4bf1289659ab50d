// Staff and sites: an owner adds a site and a person with a role at each of two sites, the person joins by the
// link under the QR code on a phone of their own and sees what the roles open; a lost phone and a deactivated
// person are kept out, what was sold meanwhile is held, and there is a way back.

import assert from "node:assert/strict";

import {
  addFirstPackages,
  ASHA,
  accept,
  assertAccessible,
  fillIn,
  goTo,
  hasSentAll,
  hasStock,
  importVouchers,
  lease,
  OWNER,
  pillSays,
  sell,
  setUp,
  signIn,
  story,
  sync,
  takeShot,
  until,
} from "../helpers.mjs";

const week = { packageName: "1 Week" };
const SINZA = "Sinza";

async function addSite({ page }) {
  await goTo(page, "Sites");
  await page.getByRole("link", { name: "Add site" }).first().click();
  await fillIn(page, {
    "site-name": SINZA,
    "site-zone": "Kinondoni",
    "site-contact": "Mama Neema",
    "site-phone": "0713 204 118",
    "site-latitude": "-6.7692",
    "site-longitude": "39.2401",
  });
  await page.getByRole("heading", { name: SINZA, exact: true, level: 1 }).waitFor();
  const map = await page.getByTestId("map-link").getAttribute("href");
  assert.match(map, /^https:\/\/www\.openstreetmap\.org\/\?mlat=-6\.7692&mlon=39\.2401/);
  await page.getByRole("button", { name: "Add router" }).click();
  await fillIn(page, { "fixture-name": "Gateway", "fixture-model": "hEX S", "fixture-address": "10.5.50.1" });
  await page.getByTestId("router").getByText("hEX S · 10.5.50.1").waitFor();
  await assertAccessible(page, "site");
}

/** Asha is an agent at the first site and at the desk of the second; answers the link under her QR code. */
async function addAsha(office) {
  const { page } = office;
  await goTo(page, "Staff");
  await page.getByRole("link", { name: "Add person" }).click();
  await page.locator("#role").selectOption("AGENT");
  await page.locator("#place").selectOption({ label: OWNER.site });
  await fillIn(page, { name: ASHA.name, phone: "0754 318 226" });
  await page.getByRole("heading", { name: ASHA.name, exact: true }).waitFor();
  await page.getByTestId("contacts").getByText("+255754318226").waitFor();
  await page.getByRole("button", { name: "Add role" }).click();
  await page.locator("#role").selectOption("SALES");
  await page.locator("#place").selectOption({ label: SINZA });
  await page.locator("dialog").getByRole("button", { name: "Add role" }).click();
  await page.getByText(`Sales desk · ${SINZA}`).waitFor();
  await pillSays(office, /All safe/);
  await page.getByRole("button", { name: "Invite link" }).click();
  await page.getByRole("img", { name: "QR of the invite link" }).waitFor();
  await page.getByTestId("time-left").first().waitFor();
  await assertAccessible(page, "person");
  return page.getByTestId("invite-link").textContent();
}

async function openAsha({ page }) {
  await goTo(page, "Staff");
  await page.locator("#staff-search").fill("0754318226");
  await page.getByTestId("staff-count").getByText("1 person").waitFor();
  assert.match(page.url(), /q=0754318226/);
  await page.getByRole("link", { name: ASHA.name }).click();
  await page.getByRole("heading", { name: ASHA.name, exact: true }).waitFor();
}

/** What the phone sends without being signed in is held. */
async function isHeld(server, receipt) {
  const held = await server.sql("select count(*) from held_changes where decision is null");
  assert.deepEqual(await server.sql(`select receipt from sales where receipt = '${receipt}'`), []);
  return held[0][0] === "1";
}

story("a person joins by a link, loses a phone, leaves and comes back", async (stage) => {
  const server = await stage.server();
  const office = await stage.desktop("office");
  const phone = await stage.phone("asha");
  await setUp(office, server);
  await addFirstPackages(office);
  await importVouchers(office, { profile: "WIKI-1", ...week, blockSize: 10 });
  await addSite(office);
  const link = await addAsha(office);

  // The phone says who invites, before anything is typed.
  await phone.page.goto(link);
  await phone.page.getByTestId("invited-by").getByText(OWNER.owner).waitFor();
  await assertAccessible(phone.page, "invite");
  await takeShot(phone.page, "people/invite");
  await accept(phone, link, ASHA);
  await phone.isReadyForOffline();
  await pillSays(phone, /All safe/);
  // A desk role at one site and selling at both: no staff, no sites to change, no packages.
  await phone.page.getByRole("button", { name: /^Site: / }).click();
  await phone.page.getByRole("button", { name: SINZA, exact: true }).waitFor();
  assert.equal(await phone.page.getByRole("button", { name: "Add site" }).count(), 0);
  await phone.page.keyboard.press("Escape");
  await phone.page.goto(server.url("/staff"));
  await phone.page.getByText("Your role does not open this screen").waitFor();

  // The link works once.
  const late = await stage.phone("late");
  await late.page.goto(link);
  await late.page.getByText("This link was used already").waitFor();

  await lease(office, { ...week, index: 0, to: ASHA.name });
  await phone.page.goto(server.url("/"));
  await hasStock(phone, 10);

  // Deactivated while the phone has no signal: what it sold is held, and it is signed out. Undo brings her back.
  // Its connection outlives that; a phone that has none is told to sign in again, and hears of nothing else.
  await pillSays(phone, /All safe/);
  await phone.goOffline();
  const sold = await sell(phone, week);
  await openAsha(office);
  await takeShot(office.page, "people/person");
  await office.page.getByRole("button", { name: "Deactivate" }).click();
  await office.page.getByTestId("standing").getByText("Inactive").waitFor();
  await pillSays(office, /All safe/);
  await phone.goOnline();
  await until(() => isHeld(server, sold.receipt), "the sale to be held");
  await pillSays(phone, /Needs you/);
  await late.page.goto(server.url("/"));
  await fillIn(late.page, { login: ASHA.login, password: ASHA.password });
  await late.page.getByTestId("failure").waitFor();
  // Case counts, or it is found in "Inactive".
  const isActive = office.page.getByTestId("standing").getByText(/\bActive/);
  await office.page.getByRole("button", { name: "Activate", exact: true }).click();
  await isActive.waitFor();
  await office.page.getByRole("button", { name: "Deactivate" }).click();
  await office.page.getByTestId("standing").getByText("Inactive").waitFor();
  await office.page.getByRole("button", { name: "Undo" }).click();
  await isActive.waitFor();
  // The held sale waits for the office all the while, so its pill does not say that all is safe.
  await hasSentAll(office);
  assert.deepEqual(await server.sql(`select active from people where name = '${ASHA.name}'`), [["t"]]);
  await signIn(late, server, ASHA);
  await late.page.getByTestId("sync-pill").waitFor();

  // The first phone is lost: revoked with the consequence named, and listed as such.
  const devices = office.page.getByTestId("devices").getByRole("listitem");
  await openAsha(office);
  await office.page.reload();
  await devices.nth(1).waitFor();
  await devices.last().getByRole("button", { name: "Revoke" }).click();
  await office.page.getByText("This cannot be undone.").waitFor();
  await assertAccessible(office.page, "revoking");
  await office.page.getByRole("button", { name: "Revoke device" }).click();
  await devices.filter({ hasText: /Revoked today/ }).waitFor();
  const revoked = await server.sql("select count(*) from devices where revoked_at is not null");
  assert.deepEqual(revoked, [["1"]]);
  await pillSays(phone, /Device revoked/);
  await goTo(phone.page, "Sync");
  await phone.page.getByTestId("sync-state").getByText(/has revoked this phone/).waitFor();
  await takeShot(phone.page, "people/revoked");

  // A closed site leaves the menu.
  await goTo(office.page, "Sites");
  await takeShot(office.page, "people/sites");
  await office.page.getByTestId("sites").getByRole("link", { name: SINZA }).click();
  await office.page.getByRole("button", { name: "Deactivate site" }).click();
  await office.page.getByTestId("standing").getByText("Inactive").waitFor();
  await office.page.getByRole("button", { name: /^Site: / }).click();
  await office.page.getByRole("button", { name: OWNER.site, exact: true }).waitFor();
  assert.equal(await office.page.getByRole("button", { name: SINZA, exact: true }).count(), 0);
  const isClosed = async () => (await server.sql(`select active from sites where name = '${SINZA}'`))[0][0] === "f";
  await until(isClosed, "the site to be closed on the server");
  assert.deepEqual(await server.sql("select active from sites order by name"), [["t"], ["f"]]);
  assert.deepEqual(await server.sql("select name, address from routers"), [["Gateway", "10.5.50.1"]]);
});
