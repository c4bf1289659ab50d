// One client, two offices and an agent: what two people wrote without knowing of each other is kept, what both wrote
// is shown until somebody chooses, and an agent's phone holds nobody else's clients.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

import {
  accept,
  ASHA,
  assertAccessible,
  BARAKA,
  fillIn,
  goTo,
  invite,
  openShop,
  OWNER,
  sell,
  setUp,
  signIn,
  story,
  sync,
  unlock,
  until,
} from "../helpers.mjs";

const LIST = fileURLToPath(new URL("../fixtures/clients.csv", import.meta.url));
const HALIMA = "Halima Mrema";
const JUMA = "Juma Ally";

story("two offices and an agent edit clients with no signal", async (stage) => {
  const { server, office, phones } = await openShop(stage);
  const [asha] = phones;
  const branch = await stage.desktop("branch");
  await signIn(branch, server, OWNER);
  await branch.isReadyForOffline();

  await register(office, { "client-name": HALIMA, "client-phone": "0712 345 678" });
  await assertAccessible(office.page, "a client");
  await sell(asha, { packageName: "1 Week", client: { name: JUMA, phone: "0655 111 222" } });
  await sync(asha);
  for (const device of [office, branch]) {
    await lists(device, [HALIMA, JUMA]);
  }
  await assertAccessible(office.page, "the list of clients");

  // A number is found in any spelling, and its owner is named before somebody is registered twice.
  await office.page.locator("#clients-search").fill("+255 712 345");
  await office.page.getByTestId("clients-count").filter({ hasText: "1 client" }).waitFor();
  assert.match(office.page.url(), /\?q=/, "the address keeps the filter");
  await office.page.getByRole("link", { name: "Register client" }).click();
  await office.page.locator("#client-phone").fill("0712345678");
  await office.page.getByTestId("same-number").filter({ hasText: `${HALIMA} has this number` }).waitFor();

  for (const device of [office, branch, asha]) {
    await device.goOffline();
  }
  await edit(office, HALIMA, { "client-phone": "0655 000 001", "client-address": "Mtaa wa Kongo" });
  await edit(branch, HALIMA, { "client-phone": "0655 000 002", "client-email": "halima@example.com" });

  // Her phone begins without the server, from what is stored on it.
  await asha.reopen();
  await unlock(asha, server.url("/clients"), ASHA);
  await lists(asha, [JUMA]);
  await open(asha, JUMA);
  await asha.page.getByRole("link", { name: "Edit" }).click();
  await asha.page.locator("#client-notes").waitFor();
  assert.equal(await asha.page.locator("#client-expires").count(), 0, "the office decides about service");
  await fillIn(asha.page, { "client-notes": "anadaiwa 5,000" });
  await asha.page.getByTestId("client-details").filter({ hasText: "anadaiwa 5,000" }).waitFor();

  for (const device of [office, branch, asha]) {
    await device.goOnline();
    await sync(device);
  }
  await sync(office);
  for (const device of [office, branch]) {
    await open(device, HALIMA);
    const details = device.page.getByTestId("client-details");
    await details.filter({ hasText: "Mtaa wa Kongo" }).filter({ hasText: "halima@example.com" }).waitFor();
    const note = device.page.getByTestId("contested");
    await note.filter({ hasText: "0655 000 001" }).filter({ hasText: "0655 000 002" }).waitFor();
  }
  await assertAccessible(office.page, "a contested client");
  const take = office.page.getByRole("button", { name: /^Take / });
  const chosen = (await take.textContent()).replace("Take ", "").trim();
  await take.click();
  for (const device of [office, branch]) {
    await device.page.getByTestId("contested").waitFor({ state: "detached" });
    await device.page.getByTestId("client-details").filter({ hasText: chosen }).waitFor();
  }
  await sync(office);
  assert.deepEqual(
    await server.sql("select name, phone, email, address, notes from clients order by name"),
    [
      [HALIMA, `+255${chosen.replace(/ /g, "").slice(1)}`, "halima@example.com", "Mtaa wa Kongo", null],
      [JUMA, "+255655111222", null, null, "anadaiwa 5,000"],
    ].map((row) => row.map((value) => value ?? "")),
  );

  // What Juma bought stands on his page; deactivated by mistake, he is back with one tap.
  await open(office, JUMA);
  await office.page.getByTestId("purchases-count").filter({ hasText: "1 sale" }).waitFor();
  await office.page.getByRole("button", { name: "Deactivate" }).click();
  await office.page.getByTestId("standing").filter({ hasText: "Deactivated" }).waitFor();
  await office.page.getByRole("button", { name: "Undo" }).click();
  await office.page.getByRole("button", { name: "Deactivate" }).waitFor();

  // A list kept by hand, with no signal: what is not taken is named by its line.
  await office.goOffline();
  await readList(office, LIST);
  const bad = office.page.getByTestId("import-bad");
  await bad.filter({ hasText: "Line 3" }).filter({ hasText: `${JUMA} has this number` }).waitFor();
  assert.equal(await bad.getByRole("listitem").count(), 4);
  await assertAccessible(office.page, "a client list");
  // Of a file that cannot be read nothing is offered, and nothing of the one before either.
  const offered = office.page.getByRole("button", { name: "Register 1 client" });
  await offered.waitFor();
  const unread = { name: "no-names.csv", mimeType: "text/csv", buffer: Buffer.from("phone,site\n0712 345 678,\n") };
  await office.page.locator("#file").setInputFiles(unread);
  await office.page.getByTestId("failure").filter({ hasText: "phone,site" }).waitFor();
  assert.equal(await offered.count(), 0);
  assert.equal(await bad.count(), 0);
  await office.page.locator("#file").setInputFiles(LIST);
  await offered.click();
  await lists(office, [HALIMA, JUMA, "Neema Kimaro"]);
  await office.goOnline();
  await sync(office);
  assert.deepEqual(
    await server.sql("select mac, expires_on, sms_reminder from clients where name = 'Neema Kimaro'"),
    [["94:CE:4F:93:20:5B", "2027-05-27", "t"]],
  );
});

const SINZA = "Sinza";
const OF_BOTH_SITES = {
  name: "both.csv",
  mimeType: "text/csv",
  buffer: Buffer.from(`name,phone,site\n${HALIMA},0712 345 678,Mwenge\n${JUMA},0655 111 222,${SINZA}\n`),
};

story("a list that is refused at one of its sites registers nobody", async (stage) => {
  const server = await stage.server();
  const office = await stage.desktop("office");
  await setUp(office, server);
  await goTo(office.page, "Sites");
  await office.page.getByRole("link", { name: "Add site" }).first().click();
  await fillIn(office.page, { "site-name": SINZA });
  await office.page.getByRole("heading", { name: SINZA, exact: true, level: 1 }).waitFor();
  const branch = await stage.desktop("branch");
  await accept(branch, await invite(office, { ...BARAKA, role: "MANAGER" }), BARAKA);
  await goTo(office.page, "Staff");
  await office.page.getByRole("link", { name: BARAKA.name }).click();
  await addRole(office, "SALES");

  const { page } = branch;
  const sites = page.getByRole("button", { name: /^Site: / });
  await sites.waitFor();
  await readList(branch, OF_BOTH_SITES);
  await page.getByTestId("import-good").filter({ hasText: "2 clients" }).waitFor();

  // What he sees of the list was true when it was read.
  await office.page.getByRole("button", { name: /^Remove Sales desk/ }).click();
  await sites.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Register 2 clients" }).click();
  await page.getByTestId("failure").filter({ hasText: "Your role does not allow this here" }).waitFor();
  // The next thing he does is kept and sent, and nothing of the list along with it.
  await register(branch, { "client-name": "Neema Kimaro", "client-phone": "0742 603 869" });
  await lists(branch, ["Neema Kimaro"]);
  await sync(branch);
  assert.deepEqual(await server.sql("select name from clients"), [["Neema Kimaro"]]);

  // Where one sees a site and may not register anybody there, the list says so.
  await addRole(office, "TECHNICAL");
  await sites.waitFor();
  await readList(branch, OF_BOTH_SITES);
  const bad = page.getByTestId("import-bad");
  await bad.filter({ hasText: "Line 3" }).filter({ hasText: `may not register clients at ${SINZA}` }).waitFor();
  await page.getByRole("button", { name: "Register 1 client" }).click();
  await lists(branch, [HALIMA, "Neema Kimaro"]);
});

async function addRole({ page }, role) {
  await page.getByRole("button", { name: "Add role" }).click();
  await page.locator("#role").selectOption(role);
  await page.locator("#place").selectOption({ label: SINZA });
  await page.locator("dialog").getByRole("button", { name: "Add role" }).click();
  await page.locator("dialog").waitFor({ state: "detached" });
}

async function readList({ page }, file) {
  await goTo(page, "Clients");
  await page.getByRole("link", { name: "Import a list" }).first().click();
  await page.locator("#file").setInputFiles(file);
}

async function register({ page }, fields) {
  await goTo(page, "Clients");
  await page.getByRole("link", { name: "Register client" }).first().click();
  await fillIn(page, fields);
  await page.getByTestId("client-name").waitFor();
}

async function open({ page }, name) {
  await goTo(page, "Clients");
  await page.getByTestId("clients").getByRole("link").filter({ hasText: name }).click();
  await page.getByTestId("client-name").filter({ hasText: name }).waitFor();
}

async function edit(device, name, fields) {
  await open(device, name);
  await device.page.getByRole("link", { name: "Edit" }).click();
  await fillIn(device.page, fields);
  await device.page.getByTestId("client-name").filter({ hasText: name }).waitFor();
}

/** Waits until exactly these are on the list, in its order. */
async function lists(device, expected) {
  await goTo(device.page, "Clients");
  const shown = device.page.getByTestId("clients").locator("strong");
  let last = [];
  const says = async () => {
    last = await shown.allTextContents();
    return JSON.stringify(last) === JSON.stringify(expected);
  };
  await until(says, `${device.name} to list ${expected}`).catch((error) => {
    throw new Error(`${error.message}; it lists ${last}`);
  });
}
