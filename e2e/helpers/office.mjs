// The ways into the app that most stories begin with. Fields are found by their ids, which do not
// change with the language.

export const OWNER = {
  organisation: "Pwani Net",
  site: "Mwenge",
  owner: "Amina Juma",
  login: "amina",
  password: "a long enough password",
};

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

/** Fills fields by id and sends the form they are in. */
export async function fillIn(page, values) {
  let form = null;
  for (const [id, value] of Object.entries(values)) {
    const field = page.locator(`#${id}`);
    await field.fill(value);
    form = page.locator("form", { has: field });
  }
  await form.locator("button[type=submit]").click();
}
