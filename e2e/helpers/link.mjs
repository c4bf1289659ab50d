// A connection that is bad where the story wants it: it carries everything to the server, but of each sync socket
// only the first bytes come back until the story lets the rest through.

import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Enough for the welcome, too little for a document. */
const ALLOWANCE_BYTES = 120;
const END_OF_HEADERS = "\r\n\r\n";

export class Link {
  #listener = createServer((near) => this.#carry(near));
  #sockets = new Set();
  #held = [];
  #isHolding = false;
  #isCut = false;

  /** As a server's: there is nothing to tell. */
  log = "";

  static async open() {
    const link = new Link();
    link.#listener.listen(0, "127.0.0.1");
    await once(link.#listener, "listening");
    link.origin = `http://localhost:${link.#listener.address().port}`;
    return link;
  }

  leadsTo(server) {
    this.server = server;
  }

  url(path = "/") {
    return this.origin + path;
  }

  /** From now on a new sync socket gets no further than the welcome. */
  hold() {
    this.#isHolding = true;
  }

  release() {
    this.#isHolding = false;
    for (const go of this.#held.splice(0)) {
      go();
    }
  }

  /** Nothing goes through until it is mended. */
  cut() {
    this.#isCut = true;
    this.#held = [];
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  mend() {
    this.#isCut = false;
  }

  async remove() {
    this.cut();
    this.#listener.close();
  }

  #carry(near) {
    if (this.#isCut) {
      near.destroy();
      return;
    }
    const far = connect(this.server.port, "127.0.0.1");
    for (const [socket, other] of [[near, far], [far, near]]) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    near.once("data", (first) => {
      far.write(first);
      near.pipe(far);
      if (this.#isHolding && first.toString("latin1").startsWith("GET /sync")) {
        this.#holdBack(far, near);
      } else {
        far.pipe(near);
      }
    });
  }

  #holdBack(far, near) {
    let seen = Buffer.alloc(0);
    const onData = (bytes) => {
      seen = Buffer.concat([seen, bytes]);
      const end = seen.indexOf(END_OF_HEADERS);
      const limit = end < 0 ? seen.length : end + END_OF_HEADERS.length + ALLOWANCE_BYTES;
      const before = seen.length - bytes.length;
      near.write(seen.subarray(before, limit));
      if (seen.length > limit) {
        far.pause();
        far.off("data", onData);
        const rest = seen.subarray(Math.max(limit, before));
        this.#held.push(() => {
          near.write(rest);
          far.pipe(near);
        });
      }
    };
    far.on("data", onData);
  }
}
