// ViorNet beside the stock automerge-repo sync server, doing the same work on this machine in one run, in turns.
// `cargo xtask bench peer [part…]`; without a part all of them. PEER_RUNS says how often (3), PEER_KILLS how many kills (10).
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

import { family, sleep } from "./processes.mjs";
import { IS_HERE, Relay } from "./relay.mjs";
import { plant, serverCost, StockClients, StockServer } from "./stock.mjs";
import { medians, print } from "./table.mjs";

const RUNS = Number(process.env.PEER_RUNS ?? 3);
const KILLS = Number(process.env.PEER_KILLS ?? 10);
const DOCUMENTS = 500;
const DOCUMENTS_KEPT = 2000;
const CHANGES = 300;
const WRITERS = [
  { writers: 8, unconfirmed: 1, sales: 250 },
  { writers: 32, unconfirmed: 1, sales: 150 },
  { writers: 8, unconfirmed: 100, sales: 2000 },
  { writers: 32, unconfirmed: 100, sales: 600 },
];
const WARM_UP_MS = 2000;
const WRITING_MS = 6000;
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

/** Which side goes first changes from run to run. */
async function inTurns(runs, stock, ours) {
  const told = { stock: [], ours: [] };
  for (let run = 0; run < runs; run += 1) {
    const sides = [
      async () => told.stock.push(await stock(run)),
      async () => IS_HERE && told.ours.push(await ours(run)),
    ];
    if (run % 2) sides.reverse();
    for (const side of sides) await side();
  }
  return told;
}

const measured = (told) => Object.entries(told).filter(([, runs]) => runs.length > 0);

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

async function rates() {
  const rows = [];
  const server = await StockServer.start(newFolder());
  const relay = await Relay.start(newFolder());
  for (const plan of WRITERS) {
    const { writers, unconfirmed, sales } = plan;
    const told = await inTurns(
      RUNS,
      () => stockRate(server, plan),
      async () => {
        await relay.do("hire", { devices: writers, sales });
        const run = await relay.do("push", { devices: writers, sales, unconfirmed });
        return {
          rate: run.changes / run.seconds,
          cpu_ms: ((run.server_cpu + run.postgres_cpu) / run.changes) * 1000,
          server_ms: (run.server_cpu / run.changes) * 1000,
          busy: (run.server_cpu + run.postgres_cpu) / run.seconds,
        };
      },
    );
    const [stock, ours] = [medians(told.stock), medians(told.ours)];
    rows.push([
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
      told.stock.map((run) => Math.round(run.rate)).join(" "),
      told.ours.map((run) => Math.round(run.rate)).join(" "),
    ]);
  }
  await server.end("SIGTERM");
  await relay.end();
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
  const relay = await Relay.start(newFolder());
  // A site has two documents, of which one gets the changes.
  if (IS_HERE) await relay.do("fill", { documents: DOCUMENTS, changes: CHANGES });
  const comeToUs = () => serverCost(relay, () => relay.do("reconnect"));
  const rows = [];
  for (const isWarm of [true, false]) {
    const told = await inTurns(
      RUNS,
      async () => {
        if (!isWarm) {
          await server.end("SIGTERM");
          server = await StockServer.start(store);
        }
        return come();
      },
      async () => {
        if (!isWarm) await relay.restart();
        return comeToUs();
      },
    );
    for (const [name, runs] of measured(told)) {
      const it = medians(runs);
      rows.push([
        `${name}, ${isWarm ? "server warm" : "server restarted"}`,
        it.messages_up,
        it.messages_down,
        it.bytes_up,
        it.bytes_down,
        it.round_trips,
        it.server_cpu,
        it.client_cpu,
        it.documents ?? DOCUMENTS,
      ]);
    }
  }
  await server.end("SIGTERM");
  await relay.end();
  print(
    `reconnect with ${DOCUMENTS} unchanged documents of ${CHANGES} changes (frames of the WebSocket; our ticket by HTTPS before it is not in it)`,
    ["side", "frames up", "down", "bytes up", "down", "round trips", "server CPU s", "client CPU s", "documents"],
    rows,
  );
}

// ---------------------------------------------------------------- offline

async function offline() {
  const server = await StockServer.start(newFolder());
  const relay = await Relay.start(newFolder());
  const rows = [];
  for (const before of [0, CHANGES]) {
    const told = await inTurns(
      RUNS,
      () =>
        withClients(1, ([one]) => one.do("offline", { url: server.url, before, changes: 100 })),
      () => relay.do("offline", { before, changes: 100 }),
    );
    for (const [name, runs] of measured(told)) {
      const it = medians(runs);
      rows.push([
        `${name}, after ${before} earlier`,
        it.bytes_up,
        it.bytes_down,
        it.messages_up,
        it.messages_down,
        it.round_trips,
      ]);
    }
  }
  await server.end("SIGTERM");
  await relay.end();
  print(
    "100 changes made offline, then one contact",
    ["side", "bytes up", "down", "frames up", "down", "round trips"],
    rows,
  );
}

// ---------------------------------------------------------------- kills

async function kills() {
  const relay = await Relay.start(newFolder());
  const rows = [];
  for (const [unconfirmed, sales] of [[1, 600], [100, 2000]]) {
    const sum = { stock: {}, ours: {} };
    await inTurns(
      KILLS,
      async (run) => {
        const store = newFolder();
        let server = await StockServer.start(store);
        await withClients(1, async ([one]) => {
          await one.do("start", { url: server.url, count: 8, unconfirmed });
          await sleep(1500 + Math.random() * 1000);
          await server.end("SIGKILL");
          await one.do("leave");
          server = await StockServer.start(store);
          add(sum.stock, run, await one.do("missing", { url: server.url }));
        });
        await server.end("SIGTERM");
      },
      async (run) => {
        await relay.do("hire", { devices: 8, sales });
        const after_ms = Math.round(200 + Math.random() * 500);
        const told = await relay.do("kill", { devices: 8, sales, unconfirmed, after_ms });
        if (!told.was_busy) throw new Error("the load had ended before the kill");
        add(sum.ours, run, told);
      },
    );
    if (sum.ours.lost > 0) process.exitCode = 1;
    for (const [side, it] of Object.entries(sum)) {
      if (it.kills) rows.push([
        `${side}, ${unconfirmed === 1 ? "each confirmed" : `${unconfirmed} unconfirmed`}`,
        it.kills,
        it.losing,
        it.confirmed,
        it.lost,
        it.most,
      ]);
    }
  }
  await relay.end();
  print(
    "kill -9 while 8 writers write (ours: of server and PostgreSQL at once): confirmed changes that are gone after the restart",
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
    const relay = await Relay.start(newFolder());
    await relay.do("fill", { documents: DOCUMENTS_KEPT, changes: CHANGES });
    await relay.restart();
    const before = relay.memory();
    const { documents } = await relay.do("visit");
    await sleep(5000);
    const after = relay.memory();
    await relay.end();
    rows.push(["ViorNet's server", documents, before.server, after.server]);
    rows.push(["its PostgreSQL", "", before.postgres, after.postgres]);
  }
  print(
    `memory, MB: every document was read once since a restart (${DOCUMENTS_KEPT} of them have ${CHANGES} changes), and every client is gone`,
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
  const failed = once(strace, "error").then(() => true);
  if (await Promise.race([failed, sleep(1000)])) return undefined;
  const answer = await work();
  strace.kill("SIGINT");
  await once(strace, "exit");
  let count = 0;
  for (const line of readFileSync(log, "utf8").split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (/sync/.test(fields.at(-1))) count += Number(fields[3]);
  }
  return { ...answer, count };
}

async function fsync() {
  const server = await StockServer.start(newFolder());
  const relay = await Relay.start(newFolder());
  const stock = await syncs(server.pids, async () => ({
    changes: await withClients(1, async ([one]) => {
      await one.do("start", { url: server.url, count: 8, unconfirmed: 1 });
      await sleep(5000);
      await one.do("leave");
      return one.do("confirmed");
    }),
  }));
  const plan = { devices: 8, sales: 100 };
  let ours;
  if (IS_HERE) {
    await relay.do("hire", plan);
    const pids = [relay.pids.server, ...family(relay.pids.postgres)];
    ours = await syncs(pids, () => relay.do("push", { ...plan, unconfirmed: 1 }));
  }
  await server.end("SIGTERM");
  await relay.end();
  if (!stock) return console.log("\nfsync: strace is not here");
  const rows = [["stock", stock.changes, stock.count]];
  if (ours) rows.push(["ViorNet", ours.changes, ours.count]);
  print(
    "calls that wait for the disk (strace), 8 writers, each change confirmed",
    ["side", "changes", "calls"],
    rows,
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
