// Two versions of the browser application, to be served one after the other from the same folder.

import { cpSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "./processes.mjs";
import { required } from "./server.mjs";

/** An older release, where one is at hand; else today's build under another name stands for it. */
const before = () => process.env.VIORNET_WEB_BEFORE ?? required("VIORNET_WEB");

/** A folder that serves the version before this one. */
export function buildBefore() {
  const folder = temporaryFolder("web");
  cpSync(before(), folder, { recursive: true });
  mark(folder, "before");
  return folder;
}

/** Puts today's version in its place: its parts first, then the page that names them. */
export function bringUpToDate(folder) {
  const fresh = temporaryFolder("web");
  cpSync(required("VIORNET_WEB"), fresh, { recursive: true });
  mark(fresh, "now");
  cpSync(fresh, folder, { recursive: true });
  for (const name of readdirSync(join(folder, "a")).filter((name) => !readdirSync(join(fresh, "a")).includes(name))) {
    rmSync(join(folder, "a", name), { recursive: true });
  }
}

/** Which of the two a page runs. */
export function versionOf(page) {
  return page.locator("meta[name=story-version]").getAttribute("content");
}

/**
 * Names a version: in its page, in two parts that are named by content (one that is there at the start, one that may be
 * fetched long after it), and in its service worker.
 */
function mark(folder, version) {
  const renamed = ["loader-", "office-"].map((prefix) => {
    const name = readdirSync(join(folder, "a")).find((name) => name.startsWith(prefix));
    renameSync(join(folder, "a", name), join(folder, "a", `${name}-${version}`));
    return name;
  });
  const rename = (text) => renamed.reduce((text, name) => text.replaceAll(name, `${name}-${version}`), text);
  edit(folder, `a/${renamed[0]}-${version}/loader.js`, rename);
  edit(folder, "index.html", (page) =>
    rename(page).replace("<head>", `<head><meta name="story-version" content="${version}">`),
  );
  edit(folder, "service-worker.js", (script) =>
    rename(script).replace(/VERSION = "(\w+)"/, `VERSION = "$1-${version}"`),
  );
}

/** A folder that serves this version, and `script` before the page's and the worker's own. */
export function buildWith(script) {
  const folder = temporaryFolder("web");
  cpSync(required("VIORNET_WEB"), folder, { recursive: true });
  for (const part of ["loader", "worker"]) {
    const name = readdirSync(join(folder, "a")).find((name) => name.startsWith(`${part}-`));
    edit(folder, `a/${name}/${part}.js`, (text) => script + text);
  }
  return folder;
}

/** Changes a file; its compressed copies would still be the old one. */
function edit(folder, name, change) {
  const path = join(folder, name);
  const text = readFileSync(path, "utf8");
  const changed = change(text);
  if (changed === text) {
    throw new Error(`${name} could not be marked`);
  }
  writeFileSync(path, changed);
  for (const ending of ["br", "gz"]) {
    rmSync(`${path}.${ending}`, { force: true });
  }
}
