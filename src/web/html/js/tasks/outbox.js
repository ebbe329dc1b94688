import { uuid } from "../http.js";

const KEY = "outbox";
const DRAFT = "draft";

/**
 * @typedef {{key: string, title: string, failed?: boolean, code?: string, rejected?: string, type?: string}} Item
 *   key: its Idempotency-Key; failed: at least one try failed; code: why db did not take the latest one;
 *   rejected: why the api will never accept it; type: of that problem
 */

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
    // Without storage the value lasts as long as the page.
  }
}

/** New tasks that the api has not stored yet. They survive a reload, and each keeps its key. */
export class Outbox {
  /** @type {Item[]} */
  items = read(KEY) ?? [];

  /** The oldest one to send. @returns {Item | undefined} */
  get next() {
    return this.items.find((item) => !item.rejected);
  }

  /** @param {string} title */
  add(title) {
    this.items.push({ key: uuid(), title });
    this.save();
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

  /** @returns {string} what the reader has typed and not sent yet */
  get draft() {
    return read(DRAFT) ?? "";
  }

  set draft(text) {
    write(DRAFT, text);
  }
}
