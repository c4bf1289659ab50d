// What the office does in the app: set-up, sign-in, packages, vouchers, people, leases. Forms are filled by
// their ids; all else is found by its English name, as a person would.

import { fileURLToPath } from "node:url";

import { fillIn, goTo, pillSays } from "./app.mjs";

export const OWNER = {
  organisation: "Pwani Net",
  site: "Mwenge",
  owner: "Amina Juma",
  login: "amina",
  password: "a long enough password",
};

/** 48 vouchers as the common tool exports them, among rows of every kind that is refused. */
export const VOUCHERS = fileURLToPath(new URL("../fixtures/vouchers.csv", import.meta.url));

/** Opens the one-time link of a fresh server and makes the organisation; ends signed in. */
export async function setUp(device, server, owner = OWNER) {
  await device.page.goto(await server.setUpLink());
  await fillIn(device.page, owner);
  await device.page.waitForURL((url) => url.pathname !== "/setup");
}

/** Signs a person in on a device that does not know them yet; ends behind the sign-in screen. */
export async function signIn(device, server, { login, password }) {
  await device.page.goto(server.url("/"));
  await fillIn(device.page, { login, password });
  await device.page.locator("#login").waitFor({ state: "detached" });
}

/** The four packages that a first start offers. */
export async function addFirstPackages({ page }) {
  await goTo(page, "Packages");
  await page.getByRole("button", { name: "Add these 4 packages" }).click();
  await page.getByTestId("packages").getByRole("listitem").nth(3).waitFor();
}

/** Reads a file as what it seems to be; ends where each group of it gets its package. */
export async function chooseFile({ page }, file) {
  await goTo(page, "Vouchers");
  await page.getByRole("link", { name: "Import vouchers" }).first().click();
  await page.locator("#file").setInputFiles(file);
  await page.getByTestId("read-file").click();
  await page.getByTestId("import-good").waitFor();
}

/** Chooses a package, by name, for each of some profiles, and leaves the others out; ends at the check. */
export async function choosePackages({ page }, packages, { blockSize = 50, labels = {} } = {}) {
  const names = await page.getByTestId("group").locator("legend").allTextContents();
  for (const [index, name] of names.entries()) {
    const profile = name.slice(0, name.lastIndexOf(" ("));
    const select = page.locator(`#group-${index}-choice`);
    if (packages[profile] === undefined) {
      await select.selectOption("leave");
    } else if (packages[profile] === "new") {
      await select.selectOption("new");
    } else {
      const option = select.locator("option", { hasText: `${packages[profile]} ·` });
      await select.selectOption(await option.getAttribute("value"));
    }
    if (labels[profile]) {
      await page.locator(`#group-${index}-label`).fill(labels[profile]);
    }
  }
  await page.locator("#block-size").fill(String(blockSize));
  await page.getByTestId("to-check").click();
  await page.getByTestId("import-plan").waitFor();
}

/** Imports the vouchers of one profile of a file as a package. */
export async function importVouchers(device, { file = VOUCHERS, profile, packageName, blockSize }) {
  const { page } = device;
  await chooseFile(device, file);
  const label = `${packageName} · ${profile}`;
  await choosePackages(device, { [profile]: packageName }, { blockSize, labels: { [profile]: label } });
  await page.getByTestId("import-save").click();
  await page.getByTestId("import-done").waitFor();
  await goTo(page, "Vouchers");
  await page.getByRole("heading", { name: label }).waitFor();
}

/** Puts somebody on the staff with one role and makes the invitation. Answers its link. */
export async function invite(device, { name, role = "AGENT", site = OWNER.site }) {
  const { page } = device;
  await goTo(page, "Staff");
  await page.getByRole("link", { name: "Add person" }).click();
  await page.locator("#role").selectOption(role);
  await page.locator("#place").selectOption({ label: site });
  await fillIn(page, { name });
  await page.getByRole("heading", { name, exact: true }).waitFor();
  // The server makes invitations only for people it has heard of.
  await pillSays(device, /All safe/);
  await page.getByRole("button", { name: "Invite link" }).click();
  return page.getByTestId("invite-link").textContent();
}

/** Opens an invitation on the new person's own device and joins; ends signed in. */
export async function accept(device, link, { login, password }) {
  await device.page.goto(link);
  await fillIn(device.page, { login, password });
  await device.page.waitForURL((url) => url.pathname !== "/invite");
}

/** A block of the screen Vouchers by its place in the batch of a package. */
export function block(page, packageName, index) {
  const batch = page.getByTestId("batch").filter({ has: page.getByRole("heading", { name: packageName }) });
  return batch.getByTestId("block").nth(index);
}

/** Leases a block and waits until a device of that person has the codes. */
export async function lease({ page }, { packageName, index, to }) {
  await goTo(page, "Vouchers");
  const row = block(page, packageName, index);
  await row.getByRole("button", { name: "Lease" }).click();
  await page.locator("#lease-to").selectOption({ label: to });
  await page.getByRole("button", { name: "Lease block" }).click();
  await row.getByTestId("holder").filter({ hasText: `With ${to}` }).waitFor();
}

/** Takes a block from whoever holds it, for somebody else. */
export async function recall({ page }, { packageName, index, to, reason }) {
  await goTo(page, "Vouchers");
  const row = block(page, packageName, index);
  await row.getByRole("button", { name: "Recall" }).click();
  await page.locator("#recall-to").selectOption({ label: to });
  await page.locator("#recall-reason").fill(reason);
  await page.getByRole("button", { name: "Recall block" }).click();
  await row.getByTestId("holder").filter({ hasText: `With ${to}` }).waitFor();
}
