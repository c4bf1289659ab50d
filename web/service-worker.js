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
// Answered by the server or not at all.
const NEVER_CACHED = /^\/(api|sync|dev|healthz|readyz|metrics)(\/|$)/;

self.addEventListener("install", (event) => {
  event.waitUntil(fillCache(PRECACHE));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith(CACHE_PREFIX) && name !== CACHE) {
          await caches.delete(name);
        }
      }
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
    event.waitUntil(fillCache(LATER).catch(() => {}));
  }
});

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
  return (await cache.match(path)) ?? fetch(request);
}

async function fillCache(paths) {
  const cache = await caches.open(CACHE);
  await Promise.all(
    paths.map(async (path) => {
      if (await cache.match(path)) {
        return;
      }
      // Below /a/ a name stands for its content: what the old version has need not come again
      // over a phone's connection. Anything else must not come out of the browser's own cache.
      const named = path.startsWith("/a/");
      const known = named ? await caches.match(path) : undefined;
      const response = known ?? (await fetch(path, { cache: named ? "default" : "no-cache" }));
      if (!response.ok) {
        throw new Error(`${path}: ${response.status}`);
      }
      await cache.put(path, response);
    }),
  );
}
