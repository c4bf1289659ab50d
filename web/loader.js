// Starts the worker and the UI module, side by side: each needs as long as the other. Everything else is the UI's own
// affair.

const MODE = "%MODE%";

// The UI is two modules: the till, which sells, and the office, which has every screen
// (web/src/hooks/relief.rs). Each function fetches one and answers what starts it.
async function till() {
  // Not a static import: its failure could not be caught, and the page would stay empty.
  const app = await import("%TILL%");
  return () => app.default({ module_or_path: "%TILL_WASM%" });
}

async function office() {
  const [app, module] = await Promise.all([
    import("%OFFICE%"),
    WebAssembly.compileStreaming(fetch("%OFFICE_WASM%")),
  ]);
  return () => app.default({ module_or_path: module }).catch(failed);
}

globalThis.viornetOffice = office;

function startWorker() {
  if (globalThis.viornetWorker) {
    return;
  }
  try {
    globalThis.viornetWorker = keep(new Worker("%WORKER%", { type: "module" }));
  } catch (error) {
    // The UI finds none, and says so.
    console.error(error);
  }
}

// What the worker says while no UI listens is kept: `heard` says it again (web/src/hooks/worker.rs).
function keep(worker) {
  const early = [];
  const note = (event) => early.push(event);
  const kinds = ["message", "error"];
  kinds.forEach((kind) => worker.addEventListener(kind, note));
  const heard = () => {
    kinds.forEach((kind) => worker.removeEventListener(kind, note));
    early.splice(0).forEach((event) => worker.dispatchEvent(event));
  };
  return [worker, heard];
}

globalThis.viornetKeep = keep;

function failed(error) {
  console.error(error);
  document.getElementById("load-failed").hidden = false;
}

// Whose screens were wanted last time, where the browser remembers anything.
function isOffice() {
  try {
    return localStorage.getItem("viornet.part") === "office";
  } catch {
    return false;
  }
}

async function start() {
  try {
    // A page with a service worker has all of the worker on the device already, and waits for it longest.
    if (navigator.serviceWorker?.controller) {
      startWorker();
    }
    // Without the office the till can still sell.
    const run = (isOffice() && (await office().catch(() => null))) || (await till());
    // At a first visit not earlier: its download would hold up the UI's, and both would be late.
    startWorker();
    await run();
  } catch (error) {
    failed(error);
  }
}

// Until then a phone has better things to do than to look for another version.
const SETTLED_MILLIS = 4_000;

// Only registers. When a new version waits, the UI decides when no sale is open and posts
// { type: "activate" } to the waiting worker; see service-worker.js.
function registerServiceWorker() {
  navigator.serviceWorker
    ?.register("/service-worker.js", { scope: "/", updateViaCache: "none" })
    // A browser that started without it did not look for another one either. There may be no signal.
    .then((registration) => registration.update().catch(() => {}))
    .catch((error) => console.warn("no offline start:", error));
  navigator.serviceWorker?.ready.then(({ active }) => active?.postMessage({ type: "later" }));
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
} else if (navigator.serviceWorker?.controller) {
  setTimeout(registerServiceWorker, SETTLED_MILLIS);
} else {
  registerServiceWorker();
}
