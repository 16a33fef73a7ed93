// Azurite whose answers are promises kept: a write is answered when it would survive `kill -9`.
// As shipped, Azurite keeps what it knows of blobs in memory and saves all of it every five seconds; a real storage account loses nothing that it has
// answered. Here each change waits for a save that began after it, of a journal beside the index. Changes that wait together share one save.
// usage: node durable.cjs [azurite-blob arguments]
"use strict";
const { readFileSync, statfsSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");
const { Journal } = require("./journal.cjs");
const azurite = createRequire(require.resolve("azurite/package.json"));
// Azurite loads its telemetry before it reads --disableTelemetry, and its server over SQL (sequelize) before it knows that none is meant: most of what a
// start costs. Both are left out; the index is always Loki's, which is what is journaled here.
for (const module of ["applicationinsights", "./dist/src/blob/SqlBlobServer.js"].map(azurite.resolve)) {
  require.cache[module] = { id: module, filename: module, loaded: true, exports: {} };
}
delete process.env.AZURITE_DB;
const { default: Blobs } = azurite("./dist/src/blob/persistence/LokiBlobMetadataStore.js");
const { default: Extents } = azurite("./dist/src/common/persistence/LokiExtentMetadataStore.js");
const { default: ExtentFiles } = azurite("./dist/src/common/persistence/FSExtentStore.js");
const { default: StorageError } = azurite("./dist/src/blob/errors/StorageError.js");

const changes = [
  "createContainer", "deleteContainer", "setContainerMetadata", "setContainerACL", "createBlob", "createSnapshot", "deleteBlob", "setBlobHTTPHeaders", "setBlobMetadata",
  "acquireBlobLease", "releaseBlobLease", "renewBlobLease", "changeBlobLease", "breakBlobLease", "startCopyFromURL", "copyFromURL", "setTier", "stageBlock", "appendBlock",
  "commitBlockList", "uploadPages", "clearRange", "resizePageBlob", "updateSequenceNumber", "setBlobTag", "sealBlob",
];

const folder = process.argv[process.argv.indexOf("--location") + 1];

// A full disk is said to be one: 507, which no client takes for a failure that passes within seconds, instead of a 500 without a word.
const full = (error) => (/ENOSPC|EDQUOT/.test(`${error?.code} ${error?.message}`)
  ? new StorageError(507, "InsufficientStorage", "There is no space left on the device of the storage.", "")
  : error);

let extents, running, next;
const journals = new Map();
for (const Index of [Extents, Blobs]) {
  const init = Index.prototype.init;
  Index.prototype.init = async function () {
    if (Index === Extents) extents = this.db;
    const journal = new Journal(this.db);
    journals.set(this.db, journal);
    await init.call(this);
    journal.watch();
  };
}

// Where the bytes are first, then what refers to them.
const saveBoth = async (blobs) => {
  await journals.get(extents).save();
  await journals.get(blobs).save();
};

// A save that is under way may have missed the change: it takes the next one.
const saved = (blobs) => {
  if (!running) {
    running = saveBoth(blobs).finally(() => (running = undefined));
    return running;
  }
  next ??= running.catch(() => {}).then(() => {
    next = undefined;
    return saved(blobs);
  });
  return next;
};

for (const name of changes) {
  const change = Blobs.prototype[name];
  if (typeof change !== "function") throw new Error(`this version of Azurite has no ${name}; see tools/azurite/durable.cjs`);
  Blobs.prototype[name] = async function (...given) {
    const answer = await change.apply(this, given);
    try {
      await saved(this.db);
    } catch (error) {
      throw full(error);
    }
    return answer;
  };
}

// A large write leaves space for small ones, so that a run that waits for space can still say so, and its jobs can still end with a result.
const SMALL = 64 * 1024;
const RESERVE = 1024 * 1024;
const requireSpace = (body) => {
  const bytes = Number(body.headers?.["content-length"] ?? body.length ?? 0);
  if (bytes <= SMALL) return;
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize - bytes >= RESERVE) return;
  body.resume?.(); // else the client's connection stays half read
  throw Object.assign(new Error("ENOSPC: the rest of the disk is kept for small documents"), { code: "ENOSPC" });
};

const append = ExtentFiles.prototype.appendExtent;
ExtentFiles.prototype.appendExtent = async function (...given) {
  try {
    requireSpace(given[0]);
    return await append.apply(this, given);
  } catch (error) {
    throw full(error);
  }
};

// Two servers in one folder would each sweep away what only the other knows of. A host that was killed may have left one behind: the newest stays.
const holder = join(folder, "server.pid");
const read = (path) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};
const before = Number(read(holder));
while (before && before !== process.pid && read(`/proc/${before}/cmdline`).includes(__filename)) {
  process.kill(before, "SIGKILL");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}
writeFileSync(holder, String(process.pid));

azurite("./dist/src/blob/main.js");
