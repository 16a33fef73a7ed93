// The journal of an index: what changes is appended to it, and the whole index is written only when the journal has grown as long as the index.
// So a small write stays small, however many blobs there are. Beside INDEX stand INDEX.log, which leads from INDEX to the present, INDEX.last, the index
// before, and INDEX.log.last, which leads from INDEX.last to INDEX. A line is a whole document, so a line that is applied twice does no harm.
"use strict";
const { appendFileSync, existsSync, linkSync, readFileSync, renameSync, rmSync, statSync, truncateSync } = require("node:fs");

const LEAST = 256 * 1024; // bytes of a journal that are not worth writing an index for

// A line that was cut when its process was killed has never been answered.
const readLines = (path) => readFileSync(path, "utf8").split("\n").flatMap((line) => {
  try {
    return line ? [JSON.parse(line)] : [];
  } catch {
    return [];
  }
});

const replay = (index, lines) => {
  for (const collection of index.collections) {
    const documents = new Map(collection.data.map((document) => [document.$loki, document]));
    for (const { put, remove } of lines.filter((line) => line.collection === collection.name)) {
      if (put) documents.set(put.$loki, put);
      else documents.delete(remove);
      // Of deleted documents too: a new one with such an id would be deleted if these lines were applied again.
      collection.maxId = Math.max(collection.maxId, put?.$loki ?? remove);
    }
    collection.data = [...documents.values()].sort((one, other) => one.$loki - other.$loki);
  }
  return index;
};

// By a link: a disk that loses what it was given loses the newest file.
const keepLast = (path) => {
  try {
    rmSync(`${path}.last~`, { force: true });
    linkSync(path, `${path}.last~`);
    renameSync(`${path}.last~`, `${path}.last`);
  } catch (error) {
    if (!["ENOENT", "ENOSPC", "EDQUOT", "EPERM", "ENOTSUP"].includes(error.code)) throw error; // the first save, a full disk, or a file system without links
  }
};

/** Follows a database of LokiJS from before it is loaded. */
exports.Journal = class {
  #database;
  #path;
  #pending = [];
  #bytes = 0; // of the journal
  #most = 0; // bytes of the journal at which the index is written
  #whole = true; // the next save writes the index

  constructor(database) {
    this.#database = database;
    this.#path = `${database.filename}.log`;
    const adapter = database.persistenceAdapter;
    const { loadDatabase, saveDatabase } = adapter;
    adapter.loadDatabase = (name, loaded) => loadDatabase.call(adapter, name, (index) => {
      loaded(typeof index === "string" && existsSync(this.#path) ? replay(JSON.parse(index), readLines(this.#path)) : index);
      database.collections.forEach((collection) => collection.ensureAllIndexes(true)); // the file's are those from before the journal
    });
    adapter.saveDatabase = (name, text, saved) => {
      // All that is pending is in the text. An index without a document beside the bytes of blobs is a fault: the first document is not left to the journal.
      const isEmpty = database.collections.every((collection) => collection.data.length === 0);
      [this.#pending, this.#whole] = [[], true];
      keepLast(name);
      saveDatabase.call(adapter, name, text, (error) => {
        if (!error) {
          if (existsSync(this.#path)) renameSync(this.#path, `${this.#path}.last`);
          else rmSync(`${this.#path}.last`, { force: true });
          [this.#whole, this.#bytes, this.#most] = [isEmpty, 0, Math.max(LEAST, text.length)];
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
    } else if (this.#pending.length > 0) {
      const text = this.#pending.join("");
      try {
        appendFileSync(this.#path, text);
      } catch (error) {
        if (existsSync(this.#path) && statSync(this.#path).size > this.#bytes) truncateSync(this.#path, this.#bytes); // no half of a line stays
        throw error;
      }
      this.#pending = [];
      this.#bytes += Buffer.byteLength(text);
    }
  }

  #note(line) {
    this.#pending.push(`${JSON.stringify(line)}\n`);
  }
};
