// Starts the UI module. Everything else (the worker, the screens) is the UI's own affair.

const MODE = "%MODE%";

async function start() {
  try {
    // Not a static import: its failure could not be caught, and the page would stay empty.
    const app = await import("%APP%");
    await app.default({ module_or_path: "%APP_WASM%" });
  } catch (error) {
    console.error(error);
    document.getElementById("load-failed").hidden = false;
  }
}

// Only registers. When a new version waits, the UI decides when no sale is open and posts
// { type: "activate" } to the waiting worker; see service-worker.js.
function registerServiceWorker() {
  navigator.serviceWorker
    ?.register("/service-worker.js", { scope: "/", updateViaCache: "none" })
    .catch((error) => console.warn("no offline start:", error));
}

// During development a cached page would hide every rebuild.
async function forgetServiceWorker() {
  const registrations = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(registrations.map((registration) => registration.unregister()));
}

// The page names all parts by their content, so it differs exactly when something was rebuilt.
async function reloadWhenRebuilt() {
  const read = () => fetch("/index.html", { cache: "no-store" }).then((answer) => answer.text());
  let first = null;
  for (;;) {
    try {
      const page = await read();
      first ??= page;
      if (page !== first) {
        location.reload();
        return;
      }
    } catch {
      // The server is being restarted.
    }
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
}

start();
if (MODE === "development") {
  forgetServiceWorker();
  reloadWhenRebuilt();
} else {
  registerServiceWorker();
}
