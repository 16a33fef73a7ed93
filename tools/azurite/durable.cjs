// Azurite whose answers are promises kept: a write is answered when it would survive `kill -9`.
// As shipped, Azurite keeps what it knows of blobs in memory and saves it every five seconds; a real storage account loses nothing that it has answered.
// Here each change waits for a save that began after it. Changes that wait together share one save.
// usage: node durable.cjs [azurite-blob arguments]
"use strict";
const { readFileSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");
const azurite = createRequire(require.resolve("azurite/package.json"));
// Azurite loads its telemetry before it reads --disableTelemetry: more than half of what a start costs.
const telemetry = azurite.resolve("applicationinsights");
require.cache[telemetry] = { id: telemetry, filename: telemetry, loaded: true, exports: {} };
const { default: Blobs } = azurite("./dist/src/blob/persistence/LokiBlobMetadataStore.js");
const { default: Extents } = azurite("./dist/src/common/persistence/LokiExtentMetadataStore.js");

const changes = [
  "createContainer", "deleteContainer", "setContainerMetadata", "setContainerACL", "createBlob", "createSnapshot", "deleteBlob", "setBlobHTTPHeaders", "setBlobMetadata",
  "acquireBlobLease", "releaseBlobLease", "renewBlobLease", "changeBlobLease", "breakBlobLease", "startCopyFromURL", "copyFromURL", "setTier", "stageBlock", "appendBlock",
  "commitBlockList", "uploadPages", "clearRange", "resizePageBlob", "updateSequenceNumber", "setBlobTag", "sealBlob",
];
const save = (database) => new Promise((resolve, reject) => database.saveDatabase((error) => (error ? reject(error) : resolve())));

let extents, running, next;
const init = Extents.prototype.init;
Extents.prototype.init = function () {
  extents = this.db;
  return init.call(this);
};

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
    await saved(this.db);
    return answer;
  };
}

// Two servers in one folder would each sweep away what only the other knows of. A host that was killed may have left one behind: the newest stays.
const folder = process.argv[process.argv.indexOf("--location") + 1];
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
