// ViorNet's side: the release server with its private PostgreSQL, and real devices, both driven by
// `sync-server/benches/peer.rs`, which does one order after the other.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { once } from "node:events";

import { cpuSeconds, family, memoryMb } from "./processes.mjs";

const LOAD = process.env.VIORNET_PEER_LOAD;

/** Without a load only the stock side is measured. */
export const IS_HERE = Boolean(LOAD);

export class Relay {
  static async start(data) {
    if (!IS_HERE) return { async end() {} };
    const relay = new Relay();
    relay.process = spawn(LOAD, [], { stdio: ["pipe", "pipe", "inherit"] });
    relay.answers = createInterface({ input: relay.process.stdout })[Symbol.asyncIterator]();
    relay.pids = await relay.do("found", { data });
    return relay;
  }

  async do(work, order = {}) {
    this.process.stdin.write(`${JSON.stringify({ work, ...order })}\n`);
    const { value, done } = await this.answers.next();
    if (done) throw new Error(`${work}: the load has ended`);
    const { answer, error } = JSON.parse(value);
    if (error) throw new Error(`${work}: ${error}`);
    return answer;
  }

  async restart() {
    this.pids = await this.do("restart");
  }

  cpu() {
    return cpuSeconds([this.pids.server]) + cpuSeconds(family(this.pids.postgres));
  }

  memory() {
    return {
      server: memoryMb([this.pids.server]),
      postgres: memoryMb(family(this.pids.postgres)),
    };
  }

  async end() {
    await this.do("stop");
    this.process.stdin.end();
    await once(this.process, "exit");
  }
}
