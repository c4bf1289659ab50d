// The first minutes of a device: until everything is here, the screen says so, and shows no zeros as if they were true.

import assert from "node:assert/strict";

import {
  accept,
  addFirstPackages,
  ASHA,
  assertAccessible,
  goTo,
  invite,
  OWNER,
  pillSays,
  setUp,
  speak,
  story,
  takeShot,
} from "../helpers.mjs";

story("a new device says that it is fetching until all of it is here", async (stage) => {
  const link = await stage.link();
  const direct = await stage.server({ args: ["--origin", link.origin] });
  link.leadsTo(direct);
  const office = await stage.desktop("office");
  const throughLink = (url) => link.url(new URL(url).pathname + new URL(url).hash);
  await setUp(office, { setUpLink: async () => throughLink(await direct.setUpLink()) });
  await addFirstPackages(office);
  const invitation = await invite(office, { ...ASHA, role: "MANAGER", site: OWNER.site });

  link.hold();
  const desk = await stage.desktop("asha");
  await accept(desk, invitation, ASHA);
  await pillSays(desk, /Fetching data/);
  await desk.page.getByTestId("fetching").waitFor();
  assert.equal(await desk.page.getByTestId("sales-today").count(), 0);
  await assertAccessible(desk.page, "fetching");
  await takeShot(desk.page, "first/fetching");
  await speak(desk, "Kiswahili");
  await pillSays(desk, /Inaleta data/);
  await takeShot(desk.page, "first/fetching-sw");
  await speak(desk, "English");

  // The connection breaks half-way: nothing is here yet, and nothing is called safe.
  link.cut();
  await pillSays(desk, /Offline/);
  await desk.page.getByRole("heading", { name: "Your data is not here yet" }).waitFor();
  await takeShot(desk.page, "first/not-fetched");

  link.mend();
  link.release();
  await pillSays(desk, /All safe/);
  await desk.page.getByRole("link", { name: "Home" }).click();
  await desk.page.getByTestId("sales-today").waitFor();
  await goTo(desk.page, "Packages");
  const packages = desk.page.getByTestId("packages").getByRole("listitem");
  await packages.nth(3).waitFor();
  assert.equal(await packages.count(), 4);
});
