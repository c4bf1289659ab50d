// The real server as a child process: on one port for its whole life, killed and started again at
// will, over a database of its own.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

import { keep, removeFolder, temporaryFolder, until } from "./processes.mjs";

const run = promisify(execFile);
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

let databases = 0;

export class Server {
  #child = null;
  #arguments;
  #environment;

  /** All the server has written, both streams. */
  log = "";

  /**
   * `database`: "own" makes a fresh database on the PostgreSQL of the run, which `sql` can ask;
   * "embedded" lets the server bring its private cluster, as in a first `cargo xtask run`. `web` is the folder of the
   * browser application.
   */
  static async start({ database = "own", listen, web = required("VIORNET_WEB"), args = [] } = {}) {
    const server = new Server();
    server.port = listen ?? (await freePort());
    server.origin = `http://localhost:${server.port}`;
    server.dataFolder = temporaryFolder("data");
    // As root, PostgreSQL runs under another account, which must be able to pass.
    chmodSync(server.dataFolder, 0o711);
    server.#environment = { ...process.env };
    delete server.#environment.DATABASE_URL;
    if (database === "own") {
      server.databaseUrl = await createDatabase();
      server.#environment.DATABASE_URL = server.databaseUrl;
    }
    server.#arguments = [
      ...["--data", server.dataFolder],
      ...["--web", web],
      ...["--listen", `127.0.0.1:${server.port}`],
      ...args,
    ];
    await server.start();
    return server;
  }

  /** Starts it (again), on the same port and data, and waits until it is ready. */
  async start() {
    let output = "";
    const child = keep(
      spawn(required("VIORNET_SERVER"), this.#arguments, {
        env: this.#environment,
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
    this.#child = child;
    child.stdout.on("data", (bytes) => {
      output += bytes;
      this.log += bytes;
    });
    child.stderr.on("data", (bytes) => (this.log += bytes));
    await until(
      async () => {
        if (child.exitCode !== null) {
          throw new Error(`the server ended with ${child.exitCode}\n${this.log}`);
        }
        return /^ViorNet: /m.test(output) && (await this.isReady());
      },
      `the server to be ready\n${this.log}`,
      START_TIMEOUT_MS,
    );
  }

  /**
   * Fills the fresh database by `work`, given its address, while the server is stopped. What has a name is filled once
   * for as long as the PostgreSQL of the run is there, and then copied.
   */
  async fill(name, work) {
    await this.stop();
    const own = new URL(this.databaseUrl).pathname.slice(1);
    const main = required("DATABASE_URL");
    const exists = async () => await psql(main, `select 1 from pg_database where datname = '${name}'`);
    if (!(await exists())) {
      const making = new URL(main);
      making.pathname = `/${name}_making`;
      await psql(main, `drop database if exists "${name}_making" with (force)`);
      await psql(main, `create database "${name}_making"`);
      await work(making.href);
      await psql(main, `alter database "${name}_making" rename to "${name}"`);
    }
    await psql(main, `drop database "${own}" with (force)`);
    await psql(main, `create database "${own}" template "${name}"`);
    await this.start();
  }

  /** Browsers come by this address too, from the next start on. */
  allow(origin) {
    this.#arguments.push("--origin", this.origin, "--origin", origin);
  }

  /** Runs the program beside the server, on the same data: `command("backup", file)`. Fails with its words. */
  async command(...args) {
    const place = this.databaseUrl ? [] : ["--data", this.dataFolder];
    return run(required("VIORNET_SERVER"), [...args, ...place], { env: this.#environment });
  }

  async isReady() {
    try {
      return (await fetch(`http://127.0.0.1:${this.port}/readyz`)).ok;
    } catch {
      return false;
    }
  }

  url(path = "/") {
    return this.origin + path;
  }

  /** The one-time link that the first start prints. */
  async setUpLink() {
    const find = () => /^Set up here, once: (\S+)$/m.exec(this.log)?.[1];
    return until(find, "the set-up link");
  }

  /** Politely, as by Ctrl-C or a supervisor. */
  async stop() {
    await this.#end("SIGTERM");
  }

  /** As by a power cut. */
  async kill() {
    await this.#end("SIGKILL");
  }

  /** Takes connections and says nothing, as one behind a dead link. */
  pause() {
    this.#child.kill("SIGSTOP");
  }

  resume() {
    this.#child.kill("SIGCONT");
  }

  async #end(signal) {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const ended = once(child, "exit");
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  /** Rows of strings. The owner of the database asks, so row-level security hides nothing. */
  async sql(query) {
    if (!this.databaseUrl) {
      throw new Error("sql needs a server with `database: \"own\"`");
    }
    const text = await psql(this.databaseUrl, query);
    return text ? text.split("\n").map((row) => row.split("\t")) : [];
  }

  async remove() {
    await this.stop();
    stopOrphans(this.dataFolder);
    if (this.databaseUrl) {
      const name = new URL(this.databaseUrl).pathname.slice(1);
      await psql(required("DATABASE_URL"), `drop database if exists "${name}" with (force)`);
    }
    removeFolder(this.dataFolder);
  }
}

async function createDatabase() {
  const name = `story_${process.pid}_${++databases}`;
  await psql(required("DATABASE_URL"), `create database "${name}"`);
  const url = new URL(process.env.DATABASE_URL);
  url.pathname = `/${name}`;
  return url.href;
}

async function psql(url, query) {
  const program = process.env.POSTGRES_BIN ? join(process.env.POSTGRES_BIN, "psql") : "psql";
  const fixed = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\t"];
  const { stdout } = await run(program, [...fixed, "--dbname", url, "--command", query]);
  return stdout.trimEnd();
}

/** A server that was killed leaves its private PostgreSQL behind, to be adopted; here nobody will. */
function stopOrphans(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    if (name.endsWith("postmaster.pid")) {
      const pid = Number(readFileSync(join(folder, name), "utf8").split("\n")[0]);
      try {
        process.kill(pid, "SIGINT");
      } catch {
        // It has ended by itself.
      }
    }
  }
}

async function freePort() {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address();
  listener.close();
  await once(listener, "close");
  return port;
}

export function required(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set; run the stories with \`cargo xtask e2e\``);
  }
  return value;
}
