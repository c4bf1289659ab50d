// The stock side: the published sync server in a process of its own, and processes of stock clients.

import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { generateAutomergeUrl, parseAutomergeUrl } from "@automerge/automerge-repo";

import { cpuSeconds, memoryMb, sleep, until } from "./processes.mjs";

const HERE = import.meta.dirname;
const SERVER = join(HERE, "node_modules/@automerge/automerge-repo-sync-server/src/index.js");

async function freePort() {
  // On every address, as the stock server listens.
  const listener = createServer().listen(0);
  await once(listener, "listening");
  const { port } = listener.address();
  listener.close();
  await once(listener, "close");
  return port;
}

/** Servers that must not outlive the bench. */
const running = new Set();
process.on("exit", () => running.forEach((server) => server.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

export class StockServer {
  said = "";

  /** Between finding a port and listening on it somebody else may take it. */
  static async start(folder) {
    for (let tries = 1; ; tries += 1) {
      const server = await StockServer.#tryStart(folder);
      const listens = () => server.said.includes("Listening");
      await until("the stock server", 60, () => listens() || server.process.exitCode !== null);
      if (listens()) return server;
      if (tries === 5) throw new Error(`the stock server does not start\n${server.said}`);
    }
  }

  static async #tryStart(folder) {
    mkdirSync(folder, { recursive: true });
    const server = new StockServer();
    const port = await freePort();
    server.url = `ws://127.0.0.1:${port}`;
    server.process = spawn(
      process.execPath,
      ["--expose-gc", "--import", join(HERE, "probe.mjs"), SERVER],
      { cwd: folder, env: { ...process.env, DATA_DIR: folder, PORT: port }, stdio: ["ignore", "pipe", "pipe"] },
    );
    running.add(server.process);
    for (const pipe of [server.process.stdout, server.process.stderr]) {
      pipe.on("data", (text) => (server.said = (server.said + text).slice(-4000)));
    }
    return server;
  }

  get pids() {
    return [this.process.pid];
  }

  cpu() {
    return cpuSeconds(this.pids);
  }

  async memory() {
    this.said = "";
    this.process.kill("SIGUSR2");
    await until("a collection", 60, () => this.said.includes("collected"));
    return memoryMb(this.pids);
  }

  async end(signal) {
    const ended = once(this.process, "exit");
    this.process.kill(signal);
    await ended;
    running.delete(this.process);
  }
}

/** Node itself ended under the stock clients: V8 was seen to (`unreachable code`, in the deoptimizer of 20.20.2). */
export class ClientsCrashed extends Error {}

export class StockClients {
  static start() {
    const clients = new StockClients();
    clients.process = fork(join(HERE, "clients.mjs"));
    clients.ended = once(clients.process, "exit");
    return clients;
  }

  async do(work, order) {
    const crashed = this.ended.then(([code, signal]) => {
      throw new ClientsCrashed(`the stock clients ended: ${code ?? signal}`);
    });
    // The loser of the race.
    crashed.catch(() => {});
    this.process.send({ work, order }, () => {});
    const [{ answer, error }] = await Promise.race([once(this.process, "message"), crashed]);
    if (error) throw new Error(error);
    return answer;
  }

  async end() {
    if (this.process.connected) this.process.disconnect();
    await this.ended;
  }
}

/**
 * Lays so many copies of a document into stores, as the file adapter keeps them, under ids of their own. Making each by
 * the library takes a minute for 500.
 */
export function plant(folders, { bytes, heads }, documents) {
  const urls = Array.from({ length: documents }, () => generateAutomergeUrl());
  for (const url of urls) {
    const { documentId } = parseAutomergeUrl(url);
    for (const folder of folders) {
      const place = join(folder, documentId.slice(0, 2), documentId.slice(2), "snapshot");
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, heads[0]), Buffer.from(bytes, "base64"));
    }
  }
  return urls;
}

/** What one piece of work costs the server until it has been idle for a moment. */
export async function serverCost(server, work) {
  const before = server.cpu();
  const answer = await work();
  await sleep(500);
  return { ...answer, server_cpu: server.cpu() - before };
}
