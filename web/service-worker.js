// Keeps one whole version of the app on the device, so that it starts without a signal.
// It never touches data: /api and /sync pass it by, and documents live in the worker's stores.
//
// A new version installs beside the old one and then waits. It takes over when the page asks
// ({ type: "activate" }, posted when no sale is open) or when the last page has gone.
//
// PRECACHE, LATER and VERSION are filled in by the build: what selling needs, and what may come
// after it.

const VERSION = "%VERSION%";
const PRECACHE = %PRECACHE%;
const LATER = %LATER%;

const CACHE_PREFIX = "viornet-";
const CACHE = CACHE_PREFIX + VERSION;
const PAGE = "/index.html";
const STARTS = ["/", "/sell"];
// In each version's cache: when it took over. No address of the app.
const ACTIVE_SINCE = "/active-since";
// Answered by the server or not at all.
const NEVER_CACHED = /^\/(api|sync|dev|healthz|readyz|metrics)(\/|$)/;

self.addEventListener("install", (event) => {
  event.waitUntil(Promise.all([fillCache(PRECACHE).then(keepStarts), route(event)]));
});

// A browser that can do so looks into the caches by itself, as `answer` would: then a start need not wait for this worker
// to be started as well, and no part of a page for its answer.
async function route(event) {
  const start = STARTS.map((urlPattern) => ({ urlPattern, requestMode: "navigate", requestMethod: "GET" }));
  try {
    await event.addRoutes?.([
      { condition: { urlPattern: "/a/*", requestMethod: "GET" }, source: "cache" },
      { condition: { or: start }, source: { cacheName: CACHE } },
    ]);
  } catch (error) {
    console.warn("this worker answers for all:", error);
  }
}

// The page once more, under the addresses where somebody starts: a browser looks for them as they are.
async function keepStarts() {
  const cache = await caches.open(CACHE);
  const page = await cache.match(PAGE);
  await Promise.all(STARTS.map((path) => cache.put(path, page.clone())));
}

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      await cache.put(ACTIVE_SINCE, new Response(`${Date.now()}`));
      // A page of the version before may be open and ask for more of it: the office, for one.
      const others = await otherVersions();
      await forget((await isAnyPageOpen()) ? others.slice(1) : others);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("message", (event) => {
  if (event.data?.type === "activate") {
    self.skipWaiting();
  }
  // From every page that starts: a browser may end this worker in the middle.
  if (event.data?.type === "later") {
    event.waitUntil(startedAt(event.source).catch(() => {}));
  }
});

async function startedAt(page) {
  await fillCache(LATER);
  // Only this page is open, and it is of this version. One that waits has no mark yet, and stays.
  if (!(await isAnyPageOpen(page))) {
    await forget((await otherVersions()).filter((version) => version.activeSince));
  }
}

async function isAnyPageOpen(except) {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return pages.some((page) => page.id !== except?.id);
}

// The latest to have been active comes first.
async function otherVersions() {
  const names = (await caches.keys()).filter((name) => name.startsWith(CACHE_PREFIX) && name !== CACHE);
  const versions = await Promise.all(
    names.map(async (name) => {
      const mark = await (await caches.open(name)).match(ACTIVE_SINCE);
      return { name, activeSince: mark ? Number(await mark.text()) : 0 };
    }),
  );
  return versions.sort((one, two) => two.activeSince - one.activeSince);
}

async function forget(versions) {
  await Promise.all(versions.map(({ name }) => caches.delete(name)));
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (
    request.method !== "GET" ||
    url.origin !== self.location.origin ||
    NEVER_CACHED.test(url.pathname)
  ) {
    return;
  }
  // Every address of the app is the same page; the page reads the address.
  const wanted = request.mode === "navigate" ? PAGE : url.pathname;
  event.respondWith(answer(wanted, request));
});

async function answer(path, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? (await named(path)) ?? fetch(request);
}

// Below /a/ a name stands for its content, so whichever version has it has the right one.
async function named(path) {
  return path.startsWith("/a/") ? caches.match(path) : undefined;
}

async function fillCache(paths) {
  const cache = await caches.open(CACHE);
  await Promise.all(
    paths.map(async (path) => {
      if (await cache.match(path)) {
        return;
      }
      // What the old version has need not come again over a phone's connection. What is not named by
      // its content must not come out of the browser's own cache.
      const mode = path.startsWith("/a/") ? "default" : "no-cache";
      const response = (await named(path)) ?? (await fetch(path, { cache: mode }));
      if (!response.ok) {
        throw new Error(`${path}: ${response.status}`);
      }
      await cache.put(path, response);
    }),
  );
}
