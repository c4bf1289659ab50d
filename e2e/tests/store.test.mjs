// What the device keeps, in a real Chromium: the store contract on IndexedDB, the OPFS journal, keys and locks
// (web/src/store/contract.rs), and a browser killed while it writes. No server of ours is needed.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { story, until } from "../helpers.mjs";

const KILLS = 3;

const WORKER = `
  import init from "/contract.js";
  await init({ module_or_path: "/contract_bg.wasm" });
`;

const FILES = {
  "/": ["text/html", () => "<!doctype html><title>contract</title>"],
  "/worker.js": ["text/javascript", () => WORKER],
  "/contract.js": ["text/javascript", () => readFileSync(join(folder(), "contract.js"))],
  "/contract_bg.wasm": ["application/wasm", () => readFileSync(join(folder(), "contract_bg.wasm"))],
};

function folder() {
  const path = process.env.VIORNET_CONTRACT;
  assert.ok(path, "VIORNET_CONTRACT is not set: run this by `cargo xtask e2e store`");
  return path;
}

/** A story with the origin that serves the contract worker. */
function contractStory(name, tell) {
  story(name, async (stage) => {
    const server = createServer((request, response) => {
      const [type, read] = FILES[request.url] ?? [];
      if (!read) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, { "content-type": type }).end(read());
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await tell(stage, `http://127.0.0.1:${server.address().port}`);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
}

/** Starts the worker under a name that tells it what to do; its messages gather in `window.told`. */
async function start(page, origin, name) {
  await page.goto(`${origin}/`);
  await page.evaluate((name) => {
    window.told = [];
    window.worker = new Worker("/worker.js", { type: "module", name });
    window.worker.onmessage = (event) => window.told.push(JSON.parse(event.data));
    window.worker.onerror = (event) => window.told.push(`the worker failed: ${event.message}`);
  }, name);
}

const told = (page) => page.evaluate(() => window.told);

contractStory("the stores, the journal, the keys and the lock keep their contract", async (stage, origin) => {
  const { page } = await stage.phone("contract");
  await start(page, origin, "contract");
  const [report] = await until(async () => {
    const messages = await told(page);
    return messages.length > 0 && messages;
  }, "the report", 60_000);
  assert.deepEqual(report.failed, []);
  assert.ok(report.passed.length >= 35, report.passed.join("\n"));
});

contractStory("a browser killed while it writes has kept everything it said was kept", async (stage, origin) => {
  const phone = await stage.phone("killed");
  let last = -1;
  for (let kill = 0; kill < KILLS; kill += 1) {
    await start(phone.page, origin, "write");
    const reached = last + 40;
    await until(async () => {
      last = (await told(phone.page)).at(-1) ?? last;
      assert.equal(typeof last, "number", String(last));
      return last >= reached;
    }, "forty sales kept", 60_000);
    await phone.kill();
    await phone.open();
    await start(phone.page, origin, "read");
    const [found] = await until(async () => {
      const messages = await told(phone.page);
      return messages.length > 0 && messages;
    }, "what was kept");
    const sold = Array.from({ length: last + 1 }, (_, number) => number);
    assert.deepEqual(found.journal.slice(0, sold.length), sold, "the journal");
    // Chromium may wipe a whole IndexedDB; then the device must know it and go by the journal.
    if (found.start === "Normal") {
      assert.deepEqual(found.store.slice(0, sold.length), sold, "the store");
    } else {
      assert.equal(found.start, "RecoverFromJournal");
    }
    last = found.journal.length - 1;
  }
});
