// A TCP proxy that is a bad mobile connection: bytes go at a rate that all connections share, late, with lost segments
// that hold up what follows until they come again, and every so often everything is cut. It cannot lose packets below
// TCP, so a loss is what TCP makes of it: the segment goes once more, after a timeout. What it counts are bytes of TCP's
// payload, and segments.

import { once } from "node:events";
import { connect, createServer } from "node:net";

const SEGMENT = 1_400;
/** TCP's own three segments, and TLS 1.3 with a chain of two certificates: what a secure connection costs to open. */
const OPENING = { roundTrips: 2, up: 600, down: 4_000 };

export const GOOD = { bitsPerSecond: Infinity, delayMs: 0, loss: 0, cutEveryMs: Infinity, outageMs: 0 };
export const POOR = { bitsPerSecond: 50_000, delayMs: 400, loss: 0.05, cutEveryMs: 20_000, outageMs: 1_000 };

export class Link {
  #server;
  #target;
  #quality = GOOD;
  #connections = new Set();
  #timer = null;
  #isDown = false;
  /** When each direction has sent what it was given. */
  #busyUntil = { up: 0, down: 0 };
  #random = seeded(1);

  cuts = 0;
  counted = { up: { bytes: 0, segments: 0 }, down: { bytes: 0, segments: 0 }, connections: 0 };

  static async open(port) {
    const link = new Link();
    link.#target = port;
    link.#server = createServer({ allowHalfOpen: true }, (socket) => link.#accept(socket));
    link.#server.listen(0, "127.0.0.1");
    await once(link.#server, "listening");
    link.port = link.#server.address().port;
    return link;
  }

  /** From now on, and for what is connected: it is cut. */
  become(quality) {
    this.#quality = quality;
    this.#isDown = false;
    this.#cut();
    clearInterval(this.#timer);
    if (Number.isFinite(quality.cutEveryMs)) {
      this.#timer = setInterval(() => {
        this.cuts += 1;
        this.#cut();
        this.#isDown = true;
        setTimeout(() => (this.#isDown = false), quality.outageMs);
      }, quality.cutEveryMs);
    }
  }

  /** No signal at all. */
  goDown() {
    this.become(GOOD);
    this.#isDown = true;
  }

  /** What was counted since the last time. */
  count() {
    const { counted } = this;
    this.counted = { up: { bytes: 0, segments: 0 }, down: { bytes: 0, segments: 0 }, connections: 0 };
    return counted;
  }

  async close() {
    clearInterval(this.#timer);
    this.#cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #cut() {
    for (const socket of this.#connections) {
      socket.resetAndDestroy();
    }
    this.#connections.clear();
    this.#busyUntil = { up: 0, down: 0 };
  }

  #accept(near) {
    if (this.#isDown) {
      near.resetAndDestroy();
      return;
    }
    this.counted.connections += 1;
    const far = connect({ port: this.#target, host: "127.0.0.1", allowHalfOpen: true });
    for (const socket of [near, far]) {
      this.#connections.add(socket);
      socket.setNoDelay(true);
      socket.on("close", () => {
        this.#connections.delete(socket);
        near.destroy();
        far.destroy();
      });
      socket.on("error", () => {});
    }
    const { delayMs } = this.#quality;
    let opened = 0;
    if (delayMs > 0) {
      this.#occupy("up", OPENING.up);
      this.#occupy("down", OPENING.down);
      opened = performance.now() + OPENING.roundTrips * 2 * delayMs;
    }
    this.#carry(near, far, "up", opened);
    this.#carry(far, near, "down", opened);
  }

  /** The link sends so much more in a direction; answers when that is done. */
  #occupy(direction, bytes) {
    const now = performance.now();
    const begin = Math.max(now, this.#busyUntil[direction]);
    this.#busyUntil[direction] = begin + (bytes * 8_000) / this.#quality.bitsPerSecond;
    return this.#busyUntil[direction];
  }

  #carry(from, to, direction, opened) {
    let arrived = opened;
    let last = Promise.resolve();
    const deliver = (at, act) => {
      last = last.then(() => later(at)).then(act);
    };
    from.on("data", (bytes) => {
      const { delayMs, loss } = this.#quality;
      for (let at = 0; at < bytes.length; at += SEGMENT) {
        const segment = bytes.subarray(at, at + SEGMENT);
        const { [direction]: counted } = this.counted;
        counted.bytes += segment.length;
        counted.segments += 1;
        let sent = this.#occupy(direction, segment.length);
        // The least timeout that TCP has (RFC 6298), or what this link takes there and back.
        let timeout = Math.max(1_000, 2 * delayMs);
        while (this.#random() < loss) {
          sent = Math.max(sent + timeout, this.#occupy(direction, segment.length));
          timeout *= 2;
        }
        arrived = Math.max(arrived, sent + delayMs);
        deliver(arrived, () => to.destroyed || to.write(segment));
      }
      // A sender that is far ahead of the link waits, as a window makes it.
      if (arrived - performance.now() > 4 * delayMs + 500) {
        from.pause();
        deliver(arrived, () => from.resume());
      }
    });
    from.on("end", () => deliver(arrived, () => to.destroyed || to.end()));
  }
}

const later = (at) => {
  const wait = at - performance.now();
  return wait > 0 ? new Promise((resolve) => setTimeout(resolve, wait)) : undefined;
};

/** The same chance in every run (mulberry32). */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
