// `cargo xtask shots`: every screen on a phone and on a desktop, in a business that has sold a little.
// Each in light and dark, in English and Swahili; what takes several steps to reach, once. Below shots/:
// <device>-<light or dark>-<language>/<screen>.png

import {
  accept,
  ASHA,
  BARAKA,
  chooseFile,
  goTo,
  hasStock,
  importVouchers,
  invite,
  lease,
  openSale,
  openShop,
  OWNER,
  readSales,
  sell,
  signIn,
  speak,
  Stage,
  sync,
  takeShot,
  VOUCHERS,
  walkTo,
} from "./helpers.mjs";

const OFFICE_SCREENS = {
  home: "/",
  sell: "/sell",
  stock: "/stock",
  sales: "/sales",
  vouchers: "/vouchers",
  "voucher-list": "/vouchers/list",
  import: "/vouchers/import",
  clients: "/clients",
  "clients-new": "/clients/new",
  "clients-import": "/clients/import",
  sites: "/sites",
  "sites-new": "/sites/new",
  staff: "/staff",
  "staff-new": "/staff/new",
  packages: "/packages",
  "packages-new": "/packages/new",
  settings: "/settings",
  sync: "/pending",
  "not-found": "/nowhere",
};
const AGENT_SCREENS = {
  day: "/day",
  sell: "/sell",
  stock: "/stock",
  "stock-take": "/stock/take",
  sales: "/sales",
  clients: "/clients",
  packages: "/packages",
  sync: "/pending",
};

const SALES = [
  { packageName: "1 Week" },
  { packageName: "1 Week", method: "M-Pesa", reference: "SJK4H7L2QW" },
  { packageName: "1 Month", client: { name: "Mzee Salum", phone: "0754 318 226" } },
];

const stage = new Stage();
try {
  const { server, office, phones } = await openShop(stage, { agents: [ASHA, BARAKA] });
  const [asha, baraka] = phones;
  await importVouchers(office, { profile: "MWEZI-1", packageName: "1 Month", blockSize: 6 });
  for (const [index, [phone, { name }]] of [
    [asha, ASHA],
    [baraka, BARAKA],
  ].entries()) {
    await lease(office, { packageName: "1 Month", index, to: name });
    await hasStock(phone, 16);
  }
  const newcomer = await stage.phone("newcomer");
  const link = await invite(office, { name: "Neema Peter" });
  await shoot(office, "staff-invite");
  await newcomer.page.goto(link);
  await newcomer.page.locator("#login").waitFor();
  await shoot(newcomer, "invite");
  await accept(newcomer, link, { login: "neema", password: "jua na mvua" });
  await shoot(newcomer, "sell-nothing");

  for (const sale of SALES) {
    await sell(asha, sale);
    await sell(baraka, sale);
  }
  await shoot(asha, "receipt");
  await sync(asha);
  await asha.goOffline();
  await sell(asha, SALES[0]);
  await sell(asha, SALES[1]);

  await asha.page.getByRole("link", { name: "Sell again" }).click();
  await asha.page.getByRole("button", { name: "M-Pesa", exact: true }).click();
  await asha.page.locator("#reference").waitFor();
  await shoot(asha, "sell-mpesa");
  await asha.page.getByRole("button", { name: "Close" }).click();
  await asha.page.getByRole("button", { name: "Client: Walk-in" }).click();
  await asha.page.locator("#client-search").waitFor();
  await shoot(asha, "sell-client");
  await asha.page.getByRole("button", { name: "Close" }).click();
  await everyScreen(asha, AGENT_SCREENS);

  await chooseFile(office, VOUCHERS);
  await shoot(office, "import-file");
  await goTo(office.page, "Vouchers");
  await office.page.getByRole("button", { name: "Lease" }).first().click();
  await office.page.locator("#lease-to").waitFor();
  await shoot(office, "vouchers-lease");
  await office.page.getByRole("button", { name: "Close" }).click();
  await openSale(office, (await readSales(office.page))[0].receipt);
  await shoot(office, "sale");
  await everyScreen(office, OFFICE_SCREENS);

  const owner = await stage.phone("owner");
  await owner.page.goto(server.url("/"));
  await owner.page.locator("#login").waitFor();
  await shoot(owner, "sign-in");
  await signIn(owner, server, OWNER);
  await owner.page.getByTestId("sync-pill").filter({ hasText: "All safe" }).waitFor();
  await everyScreen(owner, OFFICE_SCREENS);

  const empty = await stage.server();
  const visitor = await stage.desktop("visitor");
  for (const device of [visitor, newcomer]) {
    await device.page.goto(await empty.setUpLink());
    await device.page.locator("#organisation").waitFor();
    await shoot(device, "set-up");
  }
} catch (error) {
  await stage.tellWhatIsThere("shots");
  throw error;
} finally {
  await stage.clear();
}

async function everyScreen(device, screens) {
  for (const [language, code] of [
    ["Kiswahili", "sw"],
    ["English", "en"],
  ]) {
    await speak(device, language);
    for (const colorScheme of ["light", "dark"]) {
      await shootAll(device, Object.entries(screens), colorScheme, code);
    }
  }
}

async function shootAll(device, screens, colorScheme, language) {
  await device.page.emulateMedia({ colorScheme });
  for (const [name, path] of screens) {
    await walkTo(device.page, path);
    await shoot(device, name, colorScheme, language);
  }
  await device.page.emulateMedia({ colorScheme: "light" });
}

async function shoot(device, name, colorScheme = "light", language = "en") {
  // Nothing that passes by: no message, no row under the pointer.
  await device.page.mouse.move(0, 0);
  await device.page.locator(".toast-card").waitFor({ state: "detached" });
  console.log(await takeShot(device.page, `${device.kind}-${colorScheme}-${language}/${device.name}-${name}`));
}
