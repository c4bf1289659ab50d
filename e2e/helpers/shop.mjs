// A small business ready to sell, for stories that begin after that.

import { hasStock } from "./app.mjs";
import { accept, addFirstPackages, importVouchers, invite, lease, OWNER, setUp } from "./office.mjs";

export const ASHA = { name: "Asha Mushi", login: "asha", password: "maji ya kunywa" };
export const BARAKA = { name: "Baraka John", login: "baraka", password: "mchele na maharage" };

const BLOCK_SIZE = 10;

/**
 * The office is set up with packages and three blocks of "1 Week". Each agent has a phone that is ready to
 * start offline; each of `leased`, agents too, also has a block.
 */
export async function openShop(stage, { agents = [ASHA], leased = agents, server: options } = {}) {
  const server = await stage.server(options);
  const office = await stage.desktop("office");
  await setUp(office, server);
  await addFirstPackages(office);
  await importVouchers(office, { profile: "WIKI-1", packageName: "1 Week", blockSize: BLOCK_SIZE });
  const phones = [];
  for (const person of agents) {
    const phone = await stage.phone(person.login);
    await accept(phone, await invite(office, { ...person, site: OWNER.site }), person);
    await phone.isReadyForOffline();
    phones.push(phone);
  }
  for (const [index, person] of leased.entries()) {
    await lease(office, { packageName: "1 Week", index, to: person.name });
    await hasStock(phones[agents.indexOf(person)], BLOCK_SIZE);
  }
  return { server, office, phones };
}
