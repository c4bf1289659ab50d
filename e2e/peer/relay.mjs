// ViorNet's side: `cargo xtask bench relay` in the form for programs. It starts the release server with a private
// PostgreSQL, and prints one line of JSON at the end.

import { spawn } from "node:child_process";
import { once } from "node:events";

const LOAD = process.env.VIORNET_RELAY_BENCH;

/** As many writers as the stock side has at most. */
const WRITERS_MAX = 32;

/** Without it only the stock side is measured. */
export const IS_HERE = Boolean(LOAD);

/** The figures of some parts of that bench. */
export async function measure(...parts) {
  const wanted = parts.flatMap((part) => ["--only", part]);
  const load = spawn(LOAD, ["--json", "--devices", String(WRITERS_MAX), ...wanted], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  load.stdout.on("data", (text) => (said += text));
  const [code] = await once(load, "close");
  if (code !== 0) throw new Error(`the relay's bench failed (${code})\n${said}`);
  return JSON.parse(said.trim().split("\n").at(-1));
}

/** What a contact took. Hello waits for Welcome and a push for its answer, so that each frame up is a round trip. */
export const contact = (told) => ({
  messages_up: told.frames_up,
  messages_down: told.frames_down,
  bytes_up: told.bytes_up,
  bytes_down: told.bytes_down,
  round_trips: told.frames_up,
});
