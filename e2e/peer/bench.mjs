// ViorNet beside the stock automerge-repo sync server, doing the same work on this machine in one run, in turns.
// `cargo xtask bench peer [part…]`; without a part all of them. PEER_RUNS says how often (3), PEER_KILLS how many kills (10).
//
// ViorNet's half is `cargo xtask bench relay`. Kills and fsync are of the stock side alone; ours are killed by
// `cargo xtask prove relay`.
//
// What is compared and what is not: our devices' bytes are made beforehand by the device core and played back, so that
// they take next to no processor time; theirs are live clients in JavaScript, in two processes. Processor time of
// clients is therefore not compared. Ours counts the server and its PostgreSQL, with fsync; theirs the server alone.
// Ours verifies signatures, judges each sale and keeps SQL tables; theirs merges documents.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { sleep } from "./processes.mjs";
import { contact, IS_HERE, measure } from "./relay.mjs";
import { ClientsCrashed, plant, serverCost, StockClients, StockServer } from "./stock.mjs";
import { medians, print } from "./table.mjs";

const RUNS = Number(process.env.PEER_RUNS ?? 3);
const KILLS = Number(process.env.PEER_KILLS ?? 10);
const DOCUMENTS = 500;
const DOCUMENTS_KEPT = 2000;
const CHANGES = 300;
const WRITERS = [
  { writers: 8, unconfirmed: 1 },
  { writers: 32, unconfirmed: 1 },
  { writers: 8, unconfirmed: 100 },
  { writers: 32, unconfirmed: 100 },
];
const WARM_UP_MS = 2000;
const WRITING_MS = 5000;
/** One thread of JavaScript does not keep the stock server busy. */
const CLIENT_PROCESSES = 2;

const folder = mkdtempSync(join(tmpdir(), "viornet-peer-"));
let folders = 0;
const newFolder = () => {
  folders += 1;
  const path = join(folder, String(folders));
  mkdirSync(path);
  return path;
};

/** Runs the stock side anew where its clients crashed, which says nothing about its server. */
async function unlessCrashed(run) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof ClientsCrashed) || tries === 3) throw error;
      console.error(`\n${error.message}; once more`);
    }
  }
}

/** Which side goes first changes from run to run. */
async function inTurns(runs, stock, ours) {
  const told = { stock: [], ours: [] };
  for (let run = 0; run < runs; run += 1) {
    const sides = [
      async () => told.stock.push(await unlessCrashed(() => stock(run))),
      async () => IS_HERE && ours && told.ours.push(await ours(run)),
    ];
    if (run % 2) sides.reverse();
    for (const side of sides) {
      await side();
      process.stderr.write(".");
    }
  }
  return told;
}

async function withClients(count, work) {
  const clients = Array.from({ length: count }, () => StockClients.start());
  try {
    return await work(clients);
  } finally {
    await Promise.all(clients.map((one) => one.end()));
  }
}

const onAll = async (clients, work, order) => {
  const answers = await Promise.all(clients.map((one) => one.do(work, order)));
  return answers.reduce((sum, answer) => sum + (answer ?? 0), 0);
};

// ---------------------------------------------------------------- rates

async function stockRate(server, { writers, unconfirmed }) {
  return withClients(CLIENT_PROCESSES, async (clients) => {
    await onAll(clients, "start", { url: server.url, count: writers / clients.length, unconfirmed });
    await sleep(WARM_UP_MS);
    const before = { confirmed: await onAll(clients, "confirmed"), cpu: server.cpu() };
    const began = performance.now();
    const load = await onAll(clients, "cpu");
    await sleep(WRITING_MS);
    const changes = (await onAll(clients, "confirmed")) - before.confirmed;
    const seconds = (performance.now() - began) / 1000;
    const cpu = server.cpu() - before.cpu;
    const clientCpu = (await onAll(clients, "cpu")) - load;
    await onAll(clients, "leave");
    return {
      rate: changes / seconds,
      cpu_ms: (cpu / changes) * 1000,
      busy: cpu / seconds,
      clients_busy: clientCpu / seconds / clients.length,
    };
  });
}

function ourRate(figures, { writers, unconfirmed }) {
  const runs = unconfirmed === 1 ? figures.confirmed : figures.unconfirmed;
  const run = runs.find(({ devices }) => devices === writers);
  const cpu = run.server_cpu_us + run.postgres_cpu_us;
  return {
    rate: run.changes_per_s,
    server_ms: run.server_cpu_us / 1000,
    cpu_ms: cpu / 1000,
    busy: (cpu / 1e6) * run.changes_per_s,
  };
}

async function rates() {
  const told = await inTurns(
    RUNS,
    async () => {
      const server = await StockServer.start(newFolder());
      try {
        const runs = [];
        for (const plan of WRITERS) runs.push(await stockRate(server, plan));
        return runs;
      } finally {
        await server.end("SIGTERM");
      }
    },
    async () => {
      const figures = await measure("confirmed", "unconfirmed");
      return WRITERS.map((plan) => ourRate(figures, plan));
    },
  );
  const rows = WRITERS.map(({ writers, unconfirmed }, at) => {
    const of = (runs) => runs.map((run) => run[at]);
    const [stock, ours] = [medians(of(told.stock)), medians(of(told.ours))];
    const each = (runs) => of(runs).map((run) => Math.round(run.rate)).join(" ");
    return [
      `${writers} writers, ${unconfirmed === 1 ? "each confirmed" : `${unconfirmed} unconfirmed`}`,
      stock.rate,
      ours.rate,
      ours.rate && `${(ours.rate / stock.rate).toFixed(1)}x`,
      stock.cpu_ms,
      ours.server_ms,
      ours.cpu_ms,
      stock.busy,
      stock.clients_busy,
      ours.busy,
      each(told.stock),
      each(told.ours),
    ];
  });
  print(
    "changes/s confirmed. Stock: the server names the heads (it has not saved them yet); ViorNet: committed with fsync",
    ["work", "stock/s", "ViorNet/s", "ratio", "stock ms CPU", "server ms", "with PostgreSQL ms", "stock cores", "its clients", "our cores", "stock runs", "our runs"],
    rows,
  );
}

// ---------------------------------------------------------------- reconnect

async function reconnect() {
  const [store, clientStore] = [newFolder(), newFolder()];
  const urls = await withClients(1, async ([one]) =>
    plant([store, clientStore], await one.do("sample", { changes: CHANGES }), DOCUMENTS),
  );
  let server = await StockServer.start(store);
  const come = () =>
    withClients(1, ([one]) =>
      serverCost(server, () => one.do("open", { url: server.url, folder: clientStore, urls })),
    );
  await come();
  const warm = await inTurns(RUNS, come, async () => contact((await measure("reconnect")).reconnect));
  const restarted = await inTurns(
    RUNS,
    async () => {
      await server.end("SIGTERM");
      server = await StockServer.start(store);
      return come();
    },
    undefined,
  );
  await server.end("SIGTERM");
  const rows = [
    ["stock, server warm", warm.stock],
    ["stock, server restarted", restarted.stock],
    ["ViorNet", warm.ours],
  ];
  print(
    `reconnect with ${DOCUMENTS} unchanged documents, the stock ones of ${CHANGES} changes (frames of the WebSocket; our ticket by HTTPS before it is not in it)`,
    ["side", "frames up", "down", "bytes up", "down", "round trips", "server CPU s", "client CPU s"],
    rows.filter(([, runs]) => runs.length > 0).map(([name, runs]) => {
      const it = medians(runs);
      return [name, it.messages_up, it.messages_down, it.bytes_up, it.bytes_down, it.round_trips, it.server_cpu, it.client_cpu];
    }),
  );
}

// ---------------------------------------------------------------- offline

async function offline() {
  const server = await StockServer.start(newFolder());
  const stock = (before) => () =>
    withClients(1, ([one]) => one.do("offline", { url: server.url, before, changes: 100 }));
  const fresh = await inTurns(RUNS, stock(0), async () => contact((await measure("offline")).offline));
  const grown = await inTurns(RUNS, stock(CHANGES), undefined);
  await server.end("SIGTERM");
  const rows = [
    ["stock, the first of a document", fresh.stock],
    [`stock, after ${CHANGES} earlier ones`, grown.stock],
    ["ViorNet", fresh.ours],
  ];
  print(
    "100 changes made offline, then one contact",
    ["side", "bytes up", "down", "frames up", "down", "round trips"],
    rows.filter(([, runs]) => runs.length > 0).map(([name, runs]) => {
      const it = medians(runs);
      return [name, it.bytes_up, it.bytes_down, it.messages_up, it.messages_down, it.round_trips];
    }),
  );
}

// ---------------------------------------------------------------- kills

async function kills() {
  const rows = [];
  for (const unconfirmed of [1, 100]) {
    const sum = {};
    for (let run = 0; run < KILLS; run += 1) {
      const store = newFolder();
      let server = await StockServer.start(store);
      await withClients(1, async ([one]) => {
        await one.do("start", { url: server.url, count: 8, unconfirmed });
        await sleep(1500 + Math.random() * 1000);
        await server.end("SIGKILL");
        await one.do("leave");
        server = await StockServer.start(store);
        add(sum, run, await one.do("missing", { url: server.url }));
      });
      await server.end("SIGTERM");
    }
    const work = unconfirmed === 1 ? "each confirmed" : `${unconfirmed} unconfirmed`;
    rows.push([`stock, ${work}`, sum.kills, sum.losing, sum.confirmed, sum.lost, sum.most]);
  }
  print(
    "kill -9 while 8 writers write: confirmed changes that are gone after the restart",
    ["side", "kills", "with a loss", "confirmed", "of these lost", "most at once"],
    rows,
  );
}

function add(sum, run, { confirmed, lost }) {
  sum.kills = run + 1;
  sum.losing = (sum.losing ?? 0) + (lost > 0);
  sum.confirmed = (sum.confirmed ?? 0) + confirmed;
  sum.lost = (sum.lost ?? 0) + lost;
  sum.most = Math.max(sum.most ?? 0, lost);
}

// ---------------------------------------------------------------- memory

async function memory() {
  const store = newFolder();
  const urls = await withClients(1, async ([one]) =>
    plant([store], await one.do("sample", { changes: CHANGES }), DOCUMENTS_KEPT),
  );
  const rows = [];
  const server = await StockServer.start(store);
  const before = await server.memory();
  await withClients(1, ([one]) => one.do("visit", { url: server.url, urls }));
  await sleep(5000);
  rows.push(["stock, after a forced collection", urls.length, before, await server.memory()]);
  await server.end("SIGTERM");
  if (IS_HERE) {
    const { documents, before_mb, after_mb } = (await measure("memory")).memory;
    rows.push(["ViorNet, all of them written since its start", documents, before_mb, after_mb]);
  }
  print(
    `memory, MB: every document was read once (the stock ones after a restart, ${DOCUMENTS_KEPT} of them of ${CHANGES} changes), and every client is gone`,
    ["side", "documents", "started", "all gone"],
    rows,
  );
}

// ---------------------------------------------------------------- fsync

/** How often a server and all it starts ask the disk to have written, while `work` is done. */
async function syncs(pids, work) {
  const log = join(newFolder(), "strace");
  const attach = pids.flatMap((pid) => ["-p", String(pid)]);
  const calls = "trace=fsync,fdatasync,sync_file_range,sync,syncfs,msync";
  const strace = spawn("strace", ["-f", "-c", "-S", "calls", "-e", calls, "-o", log, ...attach], {
    stdio: "ignore",
  });
  // It may not be here, or may not attach.
  const ended = Promise.race([once(strace, "error"), once(strace, "exit")]).then(() => true);
  if (await Promise.race([ended, sleep(1000)])) return undefined;
  const answer = await work();
  strace.kill("SIGINT");
  await ended;
  let count = 0;
  for (const line of readFileSync(log, "utf8").split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (/sync/.test(fields.at(-1))) count += Number(fields[3]);
  }
  return { ...answer, count };
}

async function fsync() {
  const server = await StockServer.start(newFolder());
  const stock = await syncs(server.pids, async () => ({
    changes: await withClients(1, async ([one]) => {
      await one.do("start", { url: server.url, count: 8, unconfirmed: 1 });
      await sleep(5000);
      await one.do("leave");
      return one.do("confirmed");
    }),
  }));
  await server.end("SIGTERM");
  if (!stock) return console.log("\nfsync: strace is not here");
  print(
    "calls that wait for the disk (strace), 8 writers, each change confirmed",
    ["side", "changes", "calls"],
    [["stock", stock.changes, stock.count]],
  );
}

const PARTS = { rates, reconnect, offline, kills, memory, fsync };

const wanted = process.argv.slice(2);
const unknown = wanted.filter((part) => !(part in PARTS));
if (unknown.length > 0) {
  console.error(`there is no part ${unknown}; there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}
try {
  for (const [name, part] of Object.entries(PARTS)) {
    if (wanted.length === 0 || wanted.includes(name)) await part();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
