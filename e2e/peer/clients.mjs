// A process of stock clients: `Repo` with its WebSocket adapter, as its documentation shows it. The bench forks it
// and asks for one piece of work after the other. Nothing of the library is altered; the adapter counts its frames.
//
// Confirmed is what the stock client can know: the heads that the server says it has ("remote-heads").

import { createHash, randomBytes } from "node:crypto";

import { next as A } from "@automerge/automerge";
import { decodeHeads, Repo } from "@automerge/automerge-repo";
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket";
import { NodeFSStorageAdapter } from "@automerge/automerge-repo-storage-nodefs";
import { encode } from "cbor-x";

import { sleep, until } from "./processes.mjs";

/** Documents on their way at once, where nothing is measured. */
const GROUP = 20;

class CountingAdapter extends WebSocketClientAdapter {
  frames = [];

  connect(...who) {
    super.connect(...who);
    const socket = this.socket;
    const send = socket.send.bind(socket);
    socket.send = (data) => {
      this.frames.push({ up: true, bytes: data.byteLength });
      send(data);
    };
    socket.addEventListener("message", ({ data }) =>
      this.frames.push({ up: false, bytes: data.byteLength }),
    );
  }
}

function traffic(frames) {
  const sum = (up) => frames.filter((frame) => frame.up === up);
  const bytes = (list) => list.reduce((total, frame) => total + frame.bytes, 0);
  const answered = frames.filter((frame, at) => !frame.up && frames[at - 1]?.up);
  return {
    messages_up: sum(true).length,
    messages_down: sum(false).length,
    bytes_up: bytes(sum(true)),
    bytes_down: bytes(sum(false)),
    round_trips: answered.length,
  };
}

/** One client: a repo of its own on a connection of its own. */
function client(url, folder) {
  const adapter = new CountingAdapter(url);
  const storage = folder ? new NodeFSStorageAdapter(folder) : undefined;
  return { adapter, repo: new Repo({ network: [adapter], storage }) };
}

const serverOf = async ({ repo }) => {
  await until("the server answers", 30, () => repo.peers.length > 0);
  const id = repo.getStorageIdOfPeer(repo.peers[0]);
  if (!id) throw new Error("the server has no storage");
  return id;
};

const headOf = (handle) => A.getHeads(handle.doc())[0];

const ID = createHash("sha256").update("an id").digest().subarray(0, 16);

/** A sale as a phone packs it, appended: one value and one operation. To a list, because putting it into a map under a
 * fresh key takes the library three times as long. */
function sell(document, number) {
  const fact = encode({
    v: 1,
    id: randomBytes(16),
    by: ID,
    at: Date.now(),
    lines: [{ block: ID, index: number, package: ID, price: 100000 }],
    receipt: `K7QM-${number}`,
    paid: "cash",
  });
  document.facts.push(new Uint8Array(fact));
}

/** A document of `changes` changes, saved. */
function saved(changes) {
  let document = A.from({ facts: [] });
  for (let number = 1; number < changes; number += 1) {
    document = A.change(document, (draft) => sell(draft, number));
  }
  return A.save(document);
}

async function isConfirmed(handles, server) {
  await until("the server has everything", 300, () =>
    handles.every((handle) => {
      const heads = handle.getSyncInfo(server)?.lastHeads;
      return heads && decodeHeads(heads)[0] === headOf(handle);
    }),
  );
}

/** When nothing was sent or received for a second. */
async function quiet(adapter) {
  for (let before = -1; before !== adapter.frames.length; ) {
    before = adapter.frames.length;
    await sleep(1000);
  }
}

// ---------------------------------------------------------------- pieces of work

/** One document, saved: how it lies in a store. */
const sample = ({ changes }) => {
  const document = saved(changes);
  return { bytes: Buffer.from(document).toString("base64"), heads: A.getHeads(A.load(document)) };
};

/** Comes back online with what its store holds; answers when the server has it all and all is quiet. */
async function open({ url, folder, urls }) {
  const repo = new Repo({ storage: new NodeFSStorageAdapter(folder) });
  const handles = [];
  for (const each of urls) {
    handles.push(await repo.find(each));
    await sleep(0);
  }
  // Loading is behind it: only the contact is measured.
  const began = process.cpuUsage();
  const started = performance.now();
  const adapter = new CountingAdapter(url);
  repo.networkSubsystem.addNetworkAdapter(adapter);
  const server = await serverOf({ repo });
  await isConfirmed(handles, server);
  const seconds = (performance.now() - started) / 1000;
  await quiet(adapter);
  const { user, system } = process.cpuUsage(began);
  adapter.disconnect();
  await repo.flush();
  await sleep(1000);
  return { seconds, client_cpu: (user + system) / 1e6, ...traffic(adapter.frames) };
}

/** Reads documents that it does not have, and leaves. */
async function visit({ url, urls }) {
  for (let at = 0; at < urls.length; at += GROUP) {
    const it = client(url);
    await serverOf(it);
    await Promise.all(urls.slice(at, at + GROUP).map((each) => it.repo.find(each)));
    it.adapter.disconnect();
  }
}

let writers = [];
let isWriting = false;

/** One writer writes until it has so many changes unconfirmed, then waits until the server names its newest head. */
async function write(writer, unconfirmed) {
  while (isWriting) {
    while (writer.hashes.length - writer.confirmed < unconfirmed && isWriting) {
      writer.handle.change((document) => sell(document, writer.hashes.length));
      const hash = headOf(writer.handle);
      writer.places.set(hash, writer.hashes.push(hash));
    }
    await new Promise((resolve) => (writer.wake = resolve));
  }
}

async function start({ url, count, unconfirmed }) {
  writers = await Promise.all(
    Array.from({ length: count }, async () => {
      const it = client(url);
      const server = await serverOf(it);
      const handle = it.repo.create({ facts: [] });
      await isConfirmed([handle], server);
      const writer = { ...it, handle, hashes: [], places: new Map(), confirmed: 0, wake() {} };
      handle.on("remote-heads", ({ heads }) => {
        const place = writer.places.get(decodeHeads(heads)[0]);
        if (place > writer.confirmed) {
          writer.confirmed = place;
          writer.wake();
        }
      });
      return writer;
    }),
  );
  isWriting = true;
  for (const writer of writers) void write(writer, unconfirmed);
}

const confirmed = () => writers.reduce((total, writer) => total + writer.confirmed, 0);

function stop() {
  isWriting = false;
  for (const writer of writers) writer.wake();
}

/** Cuts every connection for good: what the clients hold does not come to the server's help. */
function leave() {
  stop();
  for (const { adapter } of writers) {
    // Where the socket broke already, it would try again.
    adapter.retryInterval = 0;
    adapter.connect = () => {};
    if (adapter.socket) adapter.disconnect();
  }
}

/** Asks a server, as a newcomer, for everything that was confirmed. */
async function missing({ url }) {
  const it = client(url);
  await serverOf(it);
  let lost = 0;
  for (const writer of writers) {
    const handle = await it.repo.find(writer.handle.url).catch(() => undefined);
    const there = new Set(
      handle ? A.getAllChanges(handle.doc()).map((change) => A.decodeChange(change).hash) : [],
    );
    lost += writer.hashes.slice(0, writer.confirmed).filter((hash) => !there.has(hash)).length;
  }
  it.adapter.disconnect();
  return { confirmed: confirmed(), lost };
}

/** Changes made without a connection, then one contact. */
async function offline({ url, before, changes }) {
  const it = client(url);
  const server = await serverOf(it);
  const handle = before ? it.repo.import(saved(before)) : it.repo.create({ facts: [] });
  await isConfirmed([handle], server);
  await quiet(it.adapter);
  it.adapter.disconnect();
  const known = A.getHeads(handle.doc());
  for (let number = 0; number < changes; number += 1) {
    handle.change((document) => sell(document, before + number));
  }
  await sleep(500);
  const raw = A.getChangesSince(handle.doc(), known).reduce((sum, one) => sum + one.length, 0);
  it.adapter.frames = [];
  it.adapter.connect(it.repo.peerId, it.adapter.peerMetadata);
  await isConfirmed([handle], server);
  const told = traffic(it.adapter.frames);
  it.adapter.disconnect();
  return { raw, ...told };
}

const WORK = { sample, open, visit, start, confirmed, stop, leave, missing, offline };
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

process.on("message", async ({ work, order }) => {
  try {
    const answer = work === "cpu" ? cpu() : await WORK[work](order);
    process.send({ answer });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.on("disconnect", () => process.exit());
