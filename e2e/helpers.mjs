// A story: one test with a server and devices that are cleared away after it. When it fails, each
// open page is photographed into shots/failed/ and the server's last words are printed.
//
//   story("an agent sells with no signal", async (stage) => {
//     const server = await stage.server();
//     const asha = await stage.phone("asha");
//     await asha.page.goto(server.url("/sell"));
//     await server.kill();
//     ...
//   });

import { test } from "node:test";

import { Device } from "./helpers/device.mjs";
import { Link } from "./helpers/link.mjs";
import { takeShot } from "./helpers/page.mjs";
import { Server } from "./helpers/server.mjs";

export * from "./helpers/app.mjs";
export { Device, DESKTOP, PHONE, rendererOf } from "./helpers/device.mjs";
export * from "./helpers/office.mjs";
export { assertAccessible, cutTexts, inaccessible, takeShot } from "./helpers/page.mjs";
export { temporaryFolder, until } from "./helpers/processes.mjs";
export { Server } from "./helpers/server.mjs";
export * from "./helpers/routes.mjs";
export * from "./helpers/shop.mjs";

const LAST_WORDS = 4_000;

export class Stage {
  #servers = [];
  #devices = [];

  async server(options) {
    const server = await Server.start(options);
    this.#servers.push(server);
    return server;
  }

  /** A bad connection to a server that is named later. */
  async link() {
    const link = await Link.open();
    this.#servers.push(link);
    return link;
  }

  async phone(name, options) {
    return this.add(await Device.open(name, { ...options, kind: "phone" }));
  }

  async desktop(name, options) {
    return this.add(await Device.open(name, { ...options, kind: "desktop" }));
  }

  /** Takes over a device made elsewhere, for example by `clone`. */
  add(device) {
    this.#devices.push(device);
    return device;
  }

  async tellWhatIsThere(story) {
    for (const device of this.#devices) {
      for (const [index, page] of device.context.pages().entries()) {
        const name = `failed/${story}-${device.name}-${index}`.replace(/[^\w/-]+/g, "-");
        const told = await takeShot(page, name).catch((error) => error.message);
        console.error(`${device.name} at ${page.url()}: ${told}`);
      }
      for (const problem of device.problems) {
        console.error(`${device.name}: ${problem}`);
      }
    }
    for (const server of this.#servers) {
      console.error(`the server's last words:\n${server.log.slice(-LAST_WORDS)}`);
    }
  }

  async clear() {
    const all = [...this.#devices, ...this.#servers];
    const results = await Promise.allSettled(all.map((one) => one.remove()));
    const failed = results.find((result) => result.status === "rejected");
    if (failed) {
      throw failed.reason;
    }
  }
}

export function story(name, tell) {
  test(name, async () => {
    const stage = new Stage();
    try {
      await tell(stage);
    } catch (error) {
      await stage.tellWhatIsThere(name);
      throw error;
    } finally {
      await stage.clear();
    }
  });
}
