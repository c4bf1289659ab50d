// The browser dies in the middle of work, again and again: every process of Chromium gets SIGKILL at a random moment
// while an agent sells without a connection; the same profile is opened again, and what was shown as sold must be
// there, once. Chromium loses a whole IndexedDB after a few per cent of such kills; here it is also removed and
// damaged on purpose, and the journal loses its tail.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { fillIn, goTo, inMinorUnits, number, sync } from "../helpers/app.mjs";
import { damageDatabases, removeDatabases, tearJournal } from "../helpers/damage.mjs";
import { accept, addFirstPackages, importVouchers, invite, lease, OWNER, setUp } from "../helpers/office.mjs";
import { temporaryFolder } from "../helpers/processes.mjs";
import { Random } from "../helpers/random.mjs";

const PACKAGE = "1 Week";
const PASSWORD = "maji ya kunywa";
/** At most five sales a second, and a round sells for less than two. */
const SALES_PER_KILL_MAX = 10;

/** When the kill comes, with weights; in milliseconds, the longest it waits for its moment. */
const MOMENTS = { start: 8, unlock: 12, selling: 40, tap: 20, receipt: 12, sync: 8 };
const WAIT_MS = { start: 900, unlock: 900, selling: 2_600, tap: 60, sync: 700 };

/** What happens to the files before the browser starts again. */
const DAMAGE = { none: 76, removed: 7, damaged: 7, torn: 10 };

/** Kills the browsers of one agent after the other, `perProfile` times each; answers the figures. */
export async function proveKills(stage, { kills, perProfile = 25, seed = 1, say = () => {} }) {
  const random = new Random(seed);
  const profiles = Math.ceil(kills / perProfile);
  const blockSize = Math.min(500, perProfile * SALES_PER_KILL_MAX);
  const shop = await open(stage, { profiles, blockSize });
  const figures = newFigures();
  for (let index = 0; index < profiles; index += 1) {
    const agent = await Agent.begin(stage, shop, { index, random, figures });
    const count = Math.min(perProfile, kills - index * perProfile);
    for (let kill = 0; kill < count; kill += 1) {
      await agent.round();
    }
    await agent.end();
    const { shown, wipes } = figures;
    say(`  profile ${index + 1} of ${profiles}: ${sum(figures.kills)} kills, ${shown} sales, ${wipes} wipes by Chromium`);
  }
  await figures.addServer(shop);
  return figures;
}

function newFigures() {
  return {
    kills: Object.fromEntries(Object.keys(MOMENTS).map((moment) => [moment, 0])),
    damage: { removed: 0, damaged: 0, torn: 0 },
    checks: 0,
    /** Sales whose receipt was read on screen, and those that the kill hid and the next start showed. */
    shown: 0,
    shownLater: 0,
    hiddenAndGone: 0,
    shillings: 0,
    /** Times that the app found IndexedDB emptied: by Chromium itself, and of those that were removed or damaged. */
    wipes: 0,
    wipesByUs: 0,
    unnoticed: 0,
    /** A journal without its tail beside an IndexedDB that Chromium wiped: the one case in which a sale may go. */
    bothAtOnce: 0,
    lostToBoth: 0,
    warnings: {},
    roundMs: [],
    async addServer({ server }) {
      const [[sales, total, double]] = await server.sql(
        "select count(*), coalesce(sum(total_minor), 0), count(*) filter (where status <> 'standing') from sales",
      );
      const [[vouchers]] = await server.sql("select count(distinct (block_id, voucher_index)) from sale_lines");
      this.server = { sales: Number(sales), total, double: Number(double), vouchers: Number(vouchers) };
      assert.equal(this.server.sales, this.shown + this.shownLater, "sales on the server, and sales shown");
      assert.equal(this.server.total, inMinorUnits(this.shillings), "their sum, and the sum of what was shown");
      assert.equal(this.server.vouchers, this.server.sales, "vouchers sold, each once");
      assert.equal(this.server.double, 0, "sales that contradict another");
    },
  };
}

/** The office, with one block of vouchers for each agent to come. */
async function open(stage, { profiles, blockSize }) {
  const server = await stage.server();
  const office = await stage.desktop("office");
  await setUp(office, server);
  await addFirstPackages(office);
  const rows = Array.from({ length: profiles * blockSize }, (_, at) => `w${at + 10_000},w${at + 10_000},WIKI-1,7d,,`);
  const file = join(temporaryFolder("vouchers"), "vouchers.csv");
  writeFileSync(file, ["Username,Password,Profile,Time Limit,Data Limit,Comment", ...rows, ""].join("\n"));
  await importVouchers(office, { file, profile: "WIKI-1", packageName: PACKAGE, blockSize });
  await sync(office);
  return { server, office };
}

/** One agent with one phone, whose browser dies often. */
class Agent {
  /** Receipts that were shown and not yet seen on the server, each with its amount. */
  #pending = new Map();
  #safe = new Set();
  #codes = new Set();
  /** "Cash paid" was tapped, and no receipt was read before the kill. */
  #isOpen = false;
  #isOnline = true;
  /** There was a connection since the last look at the server. */
  #mayBeOnServer = false;
  #damage = new Set();
  #isKilled = false;
  #killed = Promise.resolve();

  static async begin(stage, { server, office }, { index, random, figures }) {
    const agent = new Agent();
    Object.assign(agent, { server, random, figures });
    const person = { name: `Agent ${index + 1}`, login: `agent${index + 1}`, password: PASSWORD };
    agent.phone = await stage.phone(person.login);
    // It may still wait before its next try, after the connection was cut for the one before.
    await sync(office);
    await accept(agent.phone, await invite(office, { ...person, site: OWNER.site }), person);
    await agent.phone.isReadyForOffline();
    await lease(office, { packageName: PACKAGE, index, to: person.name });
    await agent.#hasVouchers();
    await agent.phone.close();
    return agent;
  }

  /** One kill, with a start before it and, sometimes, damage after it. */
  async round() {
    const begun = Date.now();
    const moment = this.random.pick(MOMENTS);
    const wait = this.random.below(WAIT_MS[moment] ?? 1);
    await this.#start();
    if (moment === "start") {
      await this.#killWhile(wait, () => this.#goToSync());
    } else if (moment === "unlock") {
      await this.#goToSync();
      await this.#killWhile(wait, () => this.#unlock());
    } else {
      await this.#goToSync();
      await this.#unlock();
      await this.#check();
      await this.#killAt(moment, wait);
    }
    this.figures.kills[moment] += 1;
    this.#harm();
    this.figures.roundMs.push(Date.now() - begun);
  }

  async #killAt(moment, wait) {
    if (moment === "selling") {
      return this.#killWhile(wait, () => this.#sellOn(SALES_PER_KILL_MAX));
    }
    if (moment === "sync") {
      await this.#sellOn(1);
      await this.#goOnline();
      return this.#killWhile(wait, () => sync(this.phone));
    }
    await this.#sellOn(1 + this.random.below(2));
    if (moment === "receipt") {
      return this.#kill();
    }
    return this.#killWhile(Infinity, async () => {
      await this.#choose();
      await this.#pay();
      await pause(wait);
      await this.#kill();
    });
  }

  /** The end of a profile: checked once more, one more sale, and all goes to the server. */
  async end() {
    await this.#start();
    await this.#goToSync();
    await this.#unlock();
    await this.#check();
    await this.#sellOn(1);
    await this.#goOnline();
    await sync(this.phone);
    await this.#compare(new Map());
    assert.equal(this.#pending.size, 0, "sales that were shown and are not on the server");
    await this.phone.remove();
  }

  async #start() {
    this.#isKilled = false;
    await this.#goOffline();
    await this.phone.open();
  }

  async #goToSync() {
    await this.phone.page.goto(this.server.url("/pending"));
    await this.phone.page.locator("#password").waitFor();
  }

  async #unlock() {
    await fillIn(this.phone.page, { password: PASSWORD });
    await this.phone.page.getByTestId("pending").waitFor();
  }

  /** No connection is a server that is not there. */
  async #goOffline() {
    if (this.#isOnline) {
      await this.server.kill();
      this.#isOnline = false;
    }
  }

  async #goOnline() {
    this.#isOnline = true;
    this.#mayBeOnServer = true;
    await this.server.start();
  }

  /** What the screen Sync says after a start, against what was shown before the kill. */
  async #check() {
    const { page } = this.phone;
    const listed = new Map();
    for (const row of await page.getByTestId("pending").getByRole("listitem").allTextContents()) {
      const [, receipt, amount] = /^Sale (\S+) · (\D*[\d,]+)/.exec(row) ?? assert.fail(`an unknown row: ${row}`);
      assert.ok(!listed.has(receipt), `${receipt} is there twice`);
      listed.set(receipt, number(amount));
    }
    const warnings = await page.locator("main .notice").allTextContents();
    const isRecovering = warnings.some((text) => text.includes("The browser lost this app's store"));
    this.#count(warnings, isRecovering);
    await this.#compare(listed, isRecovering && this.#damage.has("torn"));
    this.#damage.clear();
    this.figures.checks += 1;
    if (isRecovering) {
      // Packages and codes come back from the server only.
      await this.#goOnline();
      await sync(this.phone);
      await this.#hasVouchers();
      await this.#goOffline();
      await this.#compare(new Map());
      assert.equal(this.#pending.size, 0, "after the recovery, sales that were shown and are not on the server");
    }
  }

  #count(warnings, isRecovering) {
    const byUs = this.#damage.has("removed") || this.#damage.has("damaged");
    if (isRecovering) {
      this.figures[byUs ? "wipesByUs" : "wipes"] += 1;
    } else if (byUs) {
      this.figures.unnoticed += 1;
    }
    for (const text of warnings.filter((text) => /store on this device failed/.test(text))) {
      this.figures.warnings[text] = (this.figures.warnings[text] ?? 0) + 1;
    }
  }

  /** Everything shown is listed on the phone or on the server; besides it, only what was tapped at the kill. */
  async #compare(listed, mayLoseOne = false) {
    const server = this.#mayBeOnServer ? await this.#receiptsOnServer() : new Map();
    const gone = [...this.#pending.keys()].filter((receipt) => !listed.has(receipt) && !server.has(receipt));
    if (mayLoseOne) {
      this.figures.bothAtOnce += 1;
      for (const receipt of gone.splice(0, 1)) {
        this.figures.lostToBoth += 1;
        this.figures.shown -= 1;
        this.figures.shillings -= this.#pending.get(receipt);
        this.#pending.delete(receipt);
      }
    }
    const where = `after ${sum(this.figures.kills)} kills, damage: ${[...this.#damage].join(" and ") || "none"}`;
    assert.deepEqual(gone, [], `shown as sold, and gone, ${where}`);
    const more = [...listed, ...server].filter(([receipt]) => !this.#pending.has(receipt) && !this.#safe.has(receipt));
    const found = new Map(more);
    assert.ok(found.size <= (this.#isOpen ? 1 : 0), `sales that nobody made: ${[...found.keys()]}, ${where}`);
    for (const [receipt, amount] of found) {
      this.figures.shownLater += 1;
      this.figures.shillings += amount;
      this.#pending.set(receipt, amount);
    }
    if (this.#isOpen && found.size === 0) {
      this.figures.hiddenAndGone += 1;
    }
    this.#isOpen = false;
    for (const receipt of [...this.#pending.keys()].filter((receipt) => !listed.has(receipt))) {
      this.#safe.add(receipt);
      this.#pending.delete(receipt);
    }
    this.#mayBeOnServer = this.#isOnline;
  }

  async #receiptsOnServer() {
    const known = `select person_id from credentials where login = '${this.phone.name}'`;
    const rows = await this.server.sql(
      `select receipt, total_minor / 100 from sales where person_id in (${known})`,
    );
    assert.equal(new Set(rows.map(([receipt]) => receipt)).size, rows.length, "a receipt twice on the server");
    return new Map(rows.map(([receipt, shillings]) => [receipt, Number(shillings)]));
  }

  /** The till has something to sell. */
  async #hasVouchers() {
    await goTo(this.phone.page, "Sell");
    await this.#tile().filter({ hasText: /\d left/ }).waitFor();
  }

  #tile() {
    const name = this.phone.page.locator(".tile-name", { hasText: new RegExp(`^${PACKAGE}$`) });
    return this.phone.page.locator("button.tile", { has: name });
  }

  async #sellOn(count) {
    for (let sale = 0; sale < count; sale += 1) {
      await this.#choose();
      await this.#pay();
      await this.#read();
    }
  }

  /** To the till; after a sale it repeats the last choice by itself. */
  async #choose() {
    const again = this.phone.page.getByRole("link", { name: "Sell again" });
    if (await again.isVisible()) {
      await again.click();
      return;
    }
    await goTo(this.phone.page, "Sell");
    await this.#tile().click();
  }

  async #pay() {
    const button = this.phone.page.getByRole("button", { name: "Cash paid" });
    await button.waitFor();
    this.#isOpen = true;
    await button.click();
  }

  async #read() {
    const { receipt, code, total } = await this.phone.page.getByTestId("receipt").evaluate((node) => {
      const text = (name) => node.querySelector(`[data-testid=${name}]`).textContent;
      return { receipt: text("receipt-number"), code: text("code"), total: text("receipt-total") };
    });
    this.#isOpen = false;
    assert.ok(!this.#codes.has(code), `${code} was sold before`);
    this.#codes.add(code);
    this.#pending.set(receipt, number(total));
    this.figures.shown += 1;
    this.figures.shillings += number(total);
  }

  async #kill() {
    // From here on, work may fail; should the kill itself fail, that is told.
    this.#isKilled = true;
    this.#killed = this.phone.kill();
    await this.#killed;
  }

  /** Works until the kill, which comes after a while, or by the work itself. */
  async #killWhile(wait, work) {
    const timer = wait === Infinity ? undefined : pause(wait).then(() => this.#kill());
    try {
      await work();
    } catch (error) {
      // What dies under the work is the point.
      if (!this.#isKilled || error instanceof assert.AssertionError) {
        throw error;
      }
    }
    await timer;
    await this.#killed;
  }

  /** Damages one of the two stores; never both between two checks. */
  #harm() {
    const damage = this.random.pick(DAMAGE);
    if (damage === "none" || this.#damage.size > 0) {
      return;
    }
    const { profile } = this.phone;
    if (damage === "removed") {
      removeDatabases(profile);
    } else if (!(damage === "damaged" ? damageDatabases : tearJournal)(profile, this.random)) {
      return;
    }
    this.#damage.add(damage);
    this.figures.damage[damage] += 1;
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);
