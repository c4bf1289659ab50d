// `cargo xtask shots`: every screen on a phone and on a desktop, light and dark, as an owner sees it
// after the first set-up. A new screen is one line in SCREENS.

import { OWNER, setUp, signIn, Stage, takeShot } from "./helpers.mjs";

const SCREENS = {
  home: "/",
  sell: "/sell",
  stock: "/stock",
  sales: "/sales",
  vouchers: "/vouchers",
  import: "/vouchers/import",
  staff: "/staff",
  "staff-new": "/staff/new",
  packages: "/packages",
  "packages-new": "/packages/new",
  sync: "/sync",
  "not-found": "/nowhere",
};

const stage = new Stage();
try {
  const server = await stage.server();
  const desktop = await stage.desktop("desktop");
  await desktop.page.goto(await server.setUpLink());
  await desktop.page.locator("#organisation").waitFor();
  await takeShot(desktop.page, "desktop-light/set-up");
  await setUp(desktop, server);

  const phone = await stage.phone("phone");
  await phone.page.goto(server.url("/"));
  await phone.page.locator("#login").waitFor();
  await takeShot(phone.page, "phone-light/sign-in");
  await signIn(phone, server, OWNER);

  for (const device of [phone, desktop]) {
    for (const colorScheme of ["light", "dark"]) {
      await device.page.emulateMedia({ colorScheme });
      for (const [name, path] of Object.entries(SCREENS)) {
        await walkTo(device.page, path);
        console.log(await takeShot(device.page, `${device.name}-${colorScheme}/${name}`));
      }
    }
  }
} catch (error) {
  await stage.tellWhatIsThere("shots");
  throw error;
} finally {
  await stage.clear();
}

/** Within the app, as a tap on a link does: loading the page anew would ask for the password again. */
async function walkTo(page, path) {
  await page.evaluate((path) => {
    history.pushState(null, "", path);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
  await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
}
