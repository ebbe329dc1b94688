import { uuid } from "./http.js";

const KEY = "outbox";
const DRAFT = "draft";

/**
 * @typedef {{key: string, title: string, failed?: boolean, rejected?: string, type?: string}} Item
 *   key: its Idempotency-Key; failed: tried in vain; rejected: why it will never be accepted, with the problem's type
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
    // Without storage it lives as long as the page.
  }
}

/** New tasks not yet stored by the api. They survive a reload, and each keeps its key. */
export class Outbox {
  /** @type {Item[]} */
  items = read(KEY) ?? [];

  /** The oldest one still to be sent. @returns {Item | undefined} */
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

  /** @returns {string} what was typed and not yet sent */
  get draft() {
    return read(DRAFT) ?? "";
  }

  set draft(text) {
    write(DRAFT, text);
  }
}
