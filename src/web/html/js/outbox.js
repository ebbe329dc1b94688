import { uuid } from "./http.js";

const KEY = "outbox";
const DRAFT = "draft";

/** @typedef {{key: string, title: string, rejected?: string}} Item key: its Idempotency-Key */

function read(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name));
  } catch {
    return null;
  }
}

function write(name, value) {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // Without storage it lives as long as the page.
  }
}

/** New tasks not yet stored by the api. They survive a reload, and each keeps its key. */
export class Outbox {
  /** @type {Item[]} */
  items = read(KEY) ?? [];

  /** @param {string} title @returns {Item} */
  add(title) {
    const item = { key: uuid(), title };
    this.items.push(item);
    this.save();
    return item;
  }

  /** @param {Item} item */
  remove(item) {
    this.items = this.items.filter((other) => other !== item);
    this.save();
  }

  /** Call after changing an item. */
  save() {
    write(KEY, this.items);
  }

  /** @returns {string} what was typed and not yet sent */
  get draft() {
    return read(DRAFT) ?? "";
  }

  set draft(text) {
    write(DRAFT, text);
  }
}
