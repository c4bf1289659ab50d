// The app shell: what must work before any screen does.

import assert from "node:assert/strict";

import { assertAccessible, story, until } from "../helpers.mjs";

const isStarted = () => document.getElementById("app")?.childElementCount > 0;
const hasFailed = () => document.getElementById("load-failed")?.hidden === false;

story("the app starts, by a deep link too, while the server is dead", async (stage) => {
  const server = await stage.server();
  const phone = await stage.phone("phone");

  await phone.page.goto(server.url("/"));
  await phone.page.waitForFunction(isStarted);
  await assertAccessible(phone.page);
  await phone.isReadyForOffline();
  assert.deepEqual(phone.problems, []);

  await server.kill();
  await phone.reopen();
  await phone.page.goto(server.url("/sales?period=today"));
  await phone.page.waitForFunction(isStarted);
  assert.equal(await phone.page.evaluate(hasFailed), false);
});

story("a release is served compressed, cached for ever where named by content", async (stage) => {
  const server = await stage.server();
  const page = await fetch(server.url("/"), { headers: { accept: "text/html" } });
  assert.equal(page.headers.get("cache-control"), "no-cache");
  const policy = page.headers.get("content-security-policy");
  assert.match(policy, /script-src 'self' 'wasm-unsafe-eval'/);
  assert.doesNotMatch(policy, /unsafe-inline/);

  const html = await page.text();
  const assets = [...html.matchAll(/(?:href|src|content)="(\/a\/[^"]+)"/g)].map((match) => match[1]);
  assert.ok(assets.length >= 4, html);
  for (const asset of assets) {
    const answer = await fetch(server.url(asset), { headers: { "accept-encoding": "br" } });
    assert.equal(answer.status, 200, asset);
    assert.equal(answer.headers.get("content-encoding"), "br", asset);
    assert.match(answer.headers.get("cache-control"), /immutable/, asset);
  }
});

story("data and health are never answered from the device", async (stage) => {
  const server = await stage.server();
  const phone = await stage.phone("phone");
  await phone.page.goto(server.url("/"));
  await phone.isReadyForOffline();
  const health = () =>
    phone.page.evaluate(() =>
      fetch("/healthz").then(
        (answer) => answer.status,
        () => "unreachable",
      ),
    );
  assert.equal(await health(), 200);
  await server.stop();
  assert.equal(await health(), "unreachable");
  await server.start();
  await until(async () => (await health()) === 200, "the server to be back");
});
