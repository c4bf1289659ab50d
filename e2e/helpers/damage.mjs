// What befalls the files of a browser between a kill and the next start: its IndexedDB is removed or damaged, the
// journal of the app loses its tail. The browser must not run meanwhile.

import { closeSync, openSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";

/** The frames of web/src/store/journal.rs: magic, number, length, checksum, payload. */
const MAGIC = Buffer.from("VNj\x01", "latin1");
const HEADER_LEN = 16;

const databases = (profile) => join(profile, "Default", "IndexedDB");

export function removeDatabases(profile) {
  rmSync(databases(profile), { recursive: true, force: true });
}

/** Overwrites bytes at random places of every file that holds data; answers how many files that were. */
export function damageDatabases(profile, random) {
  const files = filesBelow(databases(profile)).filter((path) => /\.(ldb|log)$|MANIFEST-\d+$/.test(path));
  let damaged = 0;
  for (const path of files) {
    const { size } = statSync(path);
    if (size === 0) {
      continue;
    }
    const file = openSync(path, "r+");
    for (let spot = 0; spot < 8; spot += 1) {
      writeSync(file, Buffer.alloc(16, random.below(256)), 0, 16, random.below(Math.max(1, size - 16)));
    }
    closeSync(file);
    damaged += 1;
  }
  return damaged;
}

/** Cuts bytes off the newest file of the journal, never more than its last frame; answers how many, or 0. */
export function tearJournal(profile, random) {
  const files = filesBelow(join(profile, "Default", "File System"))
    .map((path) => ({ path, frames: framesOf(path), at: statSync(path).mtimeMs }))
    // Whole small files are kept as a single frame; a journal begins with a probe.
    .filter(({ frames }) => frames.length > 1)
    .sort((a, b) => b.at - a.at);
  if (files.length === 0) {
    return 0;
  }
  const [{ path, frames }] = files;
  const { size } = statSync(path);
  const cut = 1 + random.below(size - frames.at(-1));
  truncateSync(path, size - cut);
  return cut;
}

/** Where each whole frame of a file begins. */
function framesOf(path) {
  const bytes = readFileSync(path);
  const starts = [];
  let at = 0;
  while (at + HEADER_LEN <= bytes.length && bytes.subarray(at, at + MAGIC.length).equals(MAGIC)) {
    const end = at + HEADER_LEN + bytes.readUInt32LE(at + 8);
    if (end > bytes.length) {
      break;
    }
    starts.push(at);
    at = end;
  }
  return starts;
}

function filesBelow(folder) {
  let entries = [];
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    // There is nothing yet.
  }
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
