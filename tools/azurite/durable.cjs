// Azurite whose answers are promises kept: a write is answered when it would survive `kill -9`.
// As shipped, Azurite keeps what it knows of blobs in memory and saves it every five seconds; a real storage account loses nothing that it has answered.
// Here each change waits for a save that began after it. Changes that wait together share one save.
// usage: node durable.cjs [azurite-blob arguments]
"use strict";
const { linkSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");
const azurite = createRequire(require.resolve("azurite/package.json"));
// Azurite loads its telemetry before it reads --disableTelemetry: more than half of what a start costs.
const telemetry = azurite.resolve("applicationinsights");
require.cache[telemetry] = { id: telemetry, filename: telemetry, loaded: true, exports: {} };
const { default: Blobs } = azurite("./dist/src/blob/persistence/LokiBlobMetadataStore.js");
const { default: Extents } = azurite("./dist/src/common/persistence/LokiExtentMetadataStore.js");
const { default: ExtentFiles } = azurite("./dist/src/common/persistence/FSExtentStore.js");
const { default: StorageError } = azurite("./dist/src/blob/errors/StorageError.js");

const changes = [
  "createContainer", "deleteContainer", "setContainerMetadata", "setContainerACL", "createBlob", "createSnapshot", "deleteBlob", "setBlobHTTPHeaders", "setBlobMetadata",
  "acquireBlobLease", "releaseBlobLease", "renewBlobLease", "changeBlobLease", "breakBlobLease", "startCopyFromURL", "copyFromURL", "setTier", "stageBlock", "appendBlock",
  "commitBlockList", "uploadPages", "clearRange", "resizePageBlob", "updateSequenceNumber", "setBlobTag", "sealBlob",
];
const save = (database) => new Promise((resolve, reject) => database.saveDatabase((error) => (error ? reject(error) : resolve())));

const folder = process.argv[process.argv.indexOf("--location") + 1];

// A full disk is said to be one: 507, which no client takes for a failure that passes within seconds, instead of a 500 without a word.
const full = (error) => (/ENOSPC|EDQUOT/.test(`${error?.code} ${error?.message}`)
  ? new StorageError(507, "InsufficientStorage", "There is no space left on the device of the storage.", "")
  : error);

// The index before the latest save stays beside it, by a link: a disk that loses what it was given loses the newest file.
const keepLast = (database) => {
  const adapter = database.persistenceAdapter;
  const saveDatabase = adapter.saveDatabase;
  adapter.saveDatabase = function (name, ...rest) {
    try {
      rmSync(`${name}.last~`, { force: true });
      linkSync(name, `${name}.last~`);
      renameSync(`${name}.last~`, `${name}.last`);
    } catch (error) {
      if (!["ENOENT", "ENOSPC", "EDQUOT", "EPERM", "ENOTSUP"].includes(error.code)) throw error; // the first save, a full disk, or a file system without links
    }
    return saveDatabase.call(this, name, ...rest);
  };
};

let extents, running, next;
for (const Index of [Extents, Blobs]) {
  const init = Index.prototype.init;
  Index.prototype.init = function () {
    if (Index === Extents) extents = this.db;
    keepLast(this.db);
    return init.call(this);
  };
}

// Where the bytes are first, then what refers to them.
const saveBoth = async (blobs) => {
  await save(extents);
  await save(blobs);
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
