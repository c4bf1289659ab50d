// One phone that several people use, and a password that is changed elsewhere while work waits on it.

import { fillIn, goTo, sell, sync } from "./app.mjs";
import { accept } from "./office.mjs";
import { ASHA, openShop } from "./shop.mjs";

export const NEW_PASSWORD = "chai na mandazi";

export async function lock({ page }) {
  await page.locator(".person-menu > button").click();
  await page.getByRole("button", { name: "Lock", exact: true }).click();
  await page.locator("#password").or(page.locator(".row-person")).first().waitFor();
}

/** What is kept for others to send; removed as well, if that is wished. */
export function readySlots({ page }, { remove = false } = {}) {
  return page.evaluate(
    (remove) =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open("viornet-profile");
        request.onerror = reject;
        request.onsuccess = () => {
          const db = request.result;
          const kv = db.transaction("kv", "readwrite").objectStore("kv");
          kv.getAllKeys().onsuccess = ({ target }) => {
            const found = target.result.filter((key) => String(key).startsWith("ready/"));
            if (remove) {
              found.forEach((key) => kv.delete(key));
            }
            db.close();
            resolve(found);
          };
        };
      }),
    remove,
  );
}

/**
 * Ends with the phone at the screen that asks for the old password: three sales on it that nobody has, and a password
 * that is not hers any more. Without `isReady` they are such as no ready batch carries: beyond the 256 changes of one.
 */
export async function sellUnderTheOldPassword(stage, { isReady = true } = {}) {
  const { server, office, phones } = await openShop(stage);
  const [phone] = phones;
  await server.kill();
  const sold = [];
  for (let sale = 0; sale < 3; sale += 1) {
    sold.push((await sell(phone, { packageName: "1 Week" })).receipt);
  }
  await lock(phone);
  if (!isReady) {
    await readySlots(phone, { remove: true });
  }
  await server.start();
  await sync(office);
  await goTo(office.page, "Staff");
  await office.page.getByRole("link", { name: ASHA.name }).click();
  await office.page.getByRole("button", { name: "New sign-in link" }).click();
  const link = await office.page.getByTestId("invite-link").textContent();
  const other = await stage.phone("another");
  await accept(other, link, { login: ASHA.login, password: NEW_PASSWORD });
  await other.page.getByTestId("sync-pill").waitFor();
  await phone.page.getByRole("button", { name: "Another person" }).click();
  await fillIn(phone.page, { login: ASHA.login, password: NEW_PASSWORD });
  await phone.page.getByTestId("old-password-form").waitFor();
  return { server, office, phone, sold: sold.sort() };
}
