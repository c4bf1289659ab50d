// The entry of the worker: a module worker that waits at top level loses every message posted
// before its handler exists. So the handler is set at once, and the messages wait for the module.
//
// Contract with src/bin/worker.rs: its main() sets onmessage (or adds a listener) before it
// returns. A failure here reaches the page as the `error` event of its Worker.

const early = [];
const keep = (event) => early.push(event);
self.onmessage = keep;

// Fetched and compiled while its JavaScript is still on the way.
const wasm = WebAssembly.compileStreaming(fetch(new URL("module_bg.wasm", import.meta.url)));

Promise.all([import("./module.js"), wasm])
  .then(([module, wasm]) => module.default({ module_or_path: wasm }))
  .then(() => {
    if (self.onmessage === keep) {
      self.onmessage = null;
    }
    for (const event of early.splice(0)) {
      self.dispatchEvent(event);
    }
  })
  .catch((error) => self.reportError(error));
