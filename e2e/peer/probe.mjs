// Preloaded into the stock server, which stays as published: on SIGUSR2 it collects garbage twice,
// so that its memory is told without what nobody holds any more.

import { writeSync } from "node:fs";

process.on("SIGUSR2", () => {
  global.gc();
  setTimeout(() => {
    global.gc();
    writeSync(1, "collected\n");
  }, 500);
});
