// The journal of an index: what changes is appended to it, and the whole index is written only when the journal has grown as long as the index.
// So a small write stays small, however many blobs there are. Beside INDEX stand INDEX.log, which leads from INDEX to the present, INDEX.last, the index
// before, and INDEX.log.last, which leads from INDEX.last to INDEX.
//
// A line is a checksum, a space and a document. The first line names the index that the journal follows, and each checksum covers the one before it, so that
// lines that are damaged, missing, moved or another storage's are found (AzuriteJournal.cs, before the server starts). INDEX.log.bytes contains the index and
// the length of the journal when the latest change was answered: a shorter journal has been cut.
"use strict";
const { createHash } = require("node:crypto");
const {
  appendFileSync, closeSync, copyFileSync, existsSync, linkSync, openSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeSync,
} = require("node:fs");

const LEAST = 256 * 1024; // bytes of a journal that are not worth writing an index for
const DIGITS = 16; // of a checksum

const checksum = (before, text) => createHash("sha256").update(before).update(text).digest("hex").slice(0, DIGITS);

// The whole lines of a journal. A line that was cut when its process was killed has never been answered: it is removed.
const readLines = (path) => {
  const bytes = readFileSync(path);
  const length = bytes.lastIndexOf("\n") + 1;
  if (length < bytes.length) truncateSync(path, length);
  const lines = bytes.toString("utf8", 0, length).split("\n").slice(0, -1);
  return { length, sum: lines.at(-1)?.slice(0, DIGITS), documents: lines.map((line) => JSON.parse(line.slice(DIGITS + 1))) };
};

const replay = (index, lines) => {
  const unknown = lines.find(({ collection }) => collection && !index.collections.some(({ name }) => name === collection));
  if (unknown) throw new Error(`the journal changes ${unknown.collection}, which the index does not have`);
  for (const collection of index.collections) {
    const documents = new Map(collection.data.map((document) => [document.$loki, document]));
    for (const { put, remove } of lines.filter((line) => line.collection === collection.name)) {
      if (put) documents.set(put.$loki, put);
      else documents.delete(remove);
    }
    collection.data = [...documents.values()].sort((one, other) => one.$loki - other.$loki);
    collection.maxId = collection.data.reduce((most, document) => Math.max(most, document.$loki), collection.maxId);
  }
  return index;
};

// By a link, if the file system has links: a disk that loses what it was given loses the newest file.
const keepLast = (path) => {
  try {
    rmSync(`${path}.last~`, { force: true });
    try {
      linkSync(path, `${path}.last~`);
    } catch (error) {
      if (!["EPERM", "ENOTSUP"].includes(error.code)) throw error;
      copyFileSync(path, `${path}.last~`);
    }
    renameSync(`${path}.last~`, `${path}.last`);
  } catch (error) {
    if (!["ENOENT", "ENOSPC", "EDQUOT"].includes(error.code)) throw error; // the first save, or a full disk
  }
};

/** Follows a database of LokiJS from before it is loaded. */
exports.Journal = class {
  #database;
  #path;
  #pending = [];
  #index; // checksum of the index that the journal follows; none before the first save
  #sum = ""; // checksum of the journal's last line
  #bytes = 0; // of the journal
  #most = 0; // bytes of the journal at which the index is written
  #whole = true; // the next save writes the index

  constructor(database) {
    this.#database = database;
    this.#path = `${database.filename}.log`;
    const adapter = database.persistenceAdapter;
    const { loadDatabase, saveDatabase } = adapter;
    adapter.loadDatabase = (name, loaded) => loadDatabase.call(adapter, name, (index) => {
      loaded(typeof index === "string" ? this.#follow(name, index) : index);
      database.collections.forEach((collection) => collection.ensureAllIndexes(true)); // the file's are those from before the journal
    });
    adapter.saveDatabase = (name, text, saved) => {
      // All that is pending is in the text, and in the journal too, which leads to the new index. An index without a document beside the bytes of blobs is
      // a fault: the first document is not left to the journal.
      const isEmpty = database.collections.every((collection) => collection.data.length === 0);
      this.#whole = true;
      try {
        this.#append(true);
        keepLast(name);
      } catch (error) {
        return saved(error);
      }
      saveDatabase.call(adapter, name, text, (error) => {
        if (!error) {
          if (existsSync(this.#path)) renameSync(this.#path, `${this.#path}.last`);
          else rmSync(`${this.#path}.last`, { force: true });
          [this.#whole, this.#index, this.#sum, this.#bytes, this.#most] = [isEmpty, checksum("", text), "", 0, Math.max(LEAST, text.length)];
          this.#noteLength(0);
        }
        saved(error);
      });
    };
  }

  /** Receives each change from now on: the database has been loaded and has its collections. */
  watch() {
    this.#database.autosaveDisable(); // every change is saved before it is answered
    for (const collection of this.#database.collections) {
      const put = (documents) => [documents].flat().forEach((document) => this.#note({ collection: collection.name, put: document }));
      collection.on("insert", put);
      collection.on("update", put);
      collection.on("delete", (document) => this.#note({ collection: collection.name, remove: document.$loki }));
    }
  }

  /** Ends when every change so far would survive `kill -9`. One call at a time. */
  async save() {
    if (this.#whole || this.#bytes > this.#most) {
      await new Promise((resolve, reject) => this.#database.saveDatabase((error) => (error ? reject(error) : resolve())));
    } else {
      this.#append();
    }
  }

  // The index with what its journal adds. A journal of the index before stayed if the process was killed right after it had written this one.
  #follow(name, index) {
    this.#index = checksum("", index);
    if (!existsSync(this.#path)) return index;
    const { length, sum, documents } = readLines(this.#path);
    if (length === 0) {
      rmSync(this.#path);
      return index;
    }
    if (documents[0].after !== this.#index) {
      if (documents[0].after !== checksum("", readFileSync(`${name}.last`, "utf8"))) throw new Error(`${this.#path} follows another index`);
      renameSync(this.#path, `${this.#path}.last`);
      return index;
    }
    [this.#sum, this.#bytes] = [sum, length];
    return replay(JSON.parse(index), documents);
  }

  // A journal that leads to the next index is written even if nothing has changed: without it, nothing would lead there.
  #append(isLast = false) {
    if (this.#index === undefined || (this.#pending.length === 0 && !(isLast && this.#bytes === 0))) return;
    let [text, sum] = ["", this.#sum];
    if (this.#bytes === 0) this.#noteLength(0);
    for (const document of this.#bytes === 0 ? [JSON.stringify({ after: this.#index }), ...this.#pending] : this.#pending) {
      sum = checksum(sum, document);
      text += `${sum} ${document}\n`;
    }
    const bytes = this.#bytes + Buffer.byteLength(text);
    try {
      appendFileSync(this.#path, text);
      this.#noteLength(bytes);
    } catch (error) {
      if (existsSync(this.#path) && statSync(this.#path).size > this.#bytes) truncateSync(this.#path, this.#bytes); // no half of a line stays
      throw error;
    }
    [this.#pending, this.#sum, this.#bytes] = [[], sum, bytes];
  }

  // Always as many bytes, in one write: it is the old length or the new one.
  #noteLength(bytes) {
    const path = `${this.#path}.bytes`;
    const file = openSync(path, existsSync(path) ? "r+" : "w");
    try {
      writeSync(file, `${this.#index} ${String(bytes).padStart(DIGITS, "0")}\n`, 0);
    } finally {
      closeSync(file);
    }
  }

  #note(document) {
    this.#pending.push(JSON.stringify(document));
  }
};
