// A small business ready to sell, for stories that begin after that.

import { hasStock, unlock } from "./app.mjs";
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

/** The same person once more, beside the tab that is open. */
export async function openSecondTab({ context }, server) {
  const second = { name: "second tab", page: await context.newPage() };
  await unlock(second, server.url("/sell"), ASHA);
  return second;
}

/** No signal, and two tabs of one person: the first writes, the second follows. */
export async function openTwoTabs(stage) {
  const { server, phones } = await openShop(stage);
  const [phone] = phones;
  await server.kill();
  const first = { name: "first tab", page: phone.page };
  const second = await openSecondTab(phone, server);
  return { server, phone, first, second };
}

export const receiptsOf = (sales) => sales.map((sale) => sale.receipt).sort();

export async function receiptsOnServer(server) {
  return (await server.sql("select receipt from sales order by 1")).flat();
}
