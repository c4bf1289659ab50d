// A phone that sells opens a screen of the office: another module takes the page over, and misses nothing.

import { goTo, openShop, pillSays, sell, story, until } from "../helpers.mjs";

/** Whoever fetches the office meets its module that much later, as on a slow phone: `window.isComing` says when it comes. */
const SLOW_MS = 2_000;

story("what the worker says while the office starts is on screen when it has started", async (stage) => {
  const { server, phones } = await openShop(stage);
  const [phone] = phones;
  await phone.context.addInitScript((ms) => {
    const instantiate = WebAssembly.instantiate;
    WebAssembly.instantiate = async (module, imports) => {
      // The till's comes as a stream.
      if (module instanceof WebAssembly.Module) {
        window.isComing = true;
        await new Promise((resolve) => setTimeout(resolve, ms));
      }
      return instantiate(module, imports);
    };
  }, SLOW_MS);
  await phone.page.goto(server.url("/sell"));
  await pillSays(phone, /All safe/);

  server.pause();
  await sell(phone, { packageName: "1 Week" });
  await pillSays(phone, /1 on this phone/);
  const arrived = phone.page.waitForFunction(() => window.isComing).then(async () => {
    server.resume();
    const isSafe = async () => (await server.sql("select count(*) from sales"))[0][0] === "1";
    await until(isSafe, "the sale to be on the server");
  });
  await Promise.all([arrived, goTo(phone.page, "Clients")]);
  await pillSays(phone, /All safe/);
});
