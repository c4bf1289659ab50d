// The short form of `cargo xtask prove browser`.

import { story } from "../helpers.mjs";
import { proveKills } from "../proofs/kills.mjs";

story("the browser is killed while an agent sells, and every sale that was shown is there", async (stage) => {
  await proveKills(stage, { kills: 5, perProfile: 5, seed: 5 });
});
