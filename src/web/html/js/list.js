import { request } from "./http.js";
import { complain, say, settle, why } from "./notices.js";
import { fillRow, isEdited, newRow } from "./row.js";
import { onLanguage, t } from "./text.js";

const PAGE = 100;
const HEAD = 30; // newest tasks looked at again, to see what others do
const HEAD_PERIOD = 3; // every so many calls of refresh()

const byId = (id) => document.getElementById(id);

// Rows stand in chunks, so that the browser has a hundred boxes to watch and not ten thousand.
const after = (row) => row.nextElementSibling ?? row.parentElement.nextElementSibling?.firstElementChild ?? null;
const before = (row) => row.previousElementSibling ?? row.parentElement.previousElementSibling?.lastElementChild ?? null;

function newChunk(rows) {
  const chunk = document.createElement("div");
  chunk.className = "chunk";
  chunk.setAttribute("role", "none");
  chunk.append(...rows);
  return chunk;
}

/** The tasks loaded so far, newest first. The rows are the only store of them. */
export class TaskList {
  #filter = "all";
  #next = null; // cursor of the next page
  #load = 0; // number of the running or latest load; the answers of older ones are dropped
  #loading = false;
  #stale = true; // never loaded, or the latest load failed
  #writes = 0; // begun and ended so far
  #writing = 0; // running now
  #rows = new Map(); // id -> row
  #calls = 0;
  #observer = new IntersectionObserver((entries) => entries.at(-1).isIntersecting && this.#more(), {
    rootMargin: "1200px",
  });

  constructor() {
    for (const button of document.querySelectorAll("[data-filter]")) {
      button.addEventListener("click", () => this.#choose(button.dataset.filter));
    }
    byId("more").addEventListener("click", () => this.#more());
    onLanguage(() => {
      for (const row of this.#rows.values()) fillRow(row, row.task);
      this.#furnish();
    });
    this.#reload();
  }

  /** Call every few seconds while every tier answers. */
  refresh() {
    if (this.#stale && !this.#loading) this.#reload();
    else if (this.#calls++ % HEAD_PERIOD === 0) this.#refreshHead();
  }

  /** Puts a new task on top, if the filter lets it. @param {object} task */
  add(task) {
    if (this.matches(task) && !this.#rows.has(task.id)) this.#insert(task, this.#first);
    this.#furnish();
  }

  /** Removes a row; the focus goes to its neighbour. @param {HTMLElement} row */
  drop(row) {
    this.leave(row);
    this.#rows.delete(row.task.id);
    const chunk = row.parentElement;
    row.remove();
    if (!chunk.childElementCount) chunk.remove();
    this.#furnish();
  }

  /** Moves the focus out of a row that is about to go. @param {HTMLElement} row */
  leave(row) {
    if (!row.contains(document.activeElement)) return;
    const neighbour = after(row) ?? before(row);
    (neighbour?.querySelector(".tick") ?? byId("title")).focus();
  }

  /** Whether the filter shows this task. @param {object} task */
  matches(task) {
    return this.#filter === "all" || task.done === (this.#filter === "done");
  }

  /**
   * Runs a write; what was read meanwhile is older than it and is not shown.
   * @template T
   * @param {() => Promise<T>} write
   */
  async writing(write) {
    this.#writes += 1;
    this.#writing += 1;
    try {
      return await write();
    } finally {
      this.#writes += 1;
      this.#writing -= 1;
    }
  }

  #query(limit, cursor) {
    const query = new URLSearchParams({ limit });
    if (cursor) query.set("cursor", cursor);
    if (this.#filter !== "all") query.set("done", this.#filter === "done");
    return request(`api/tasks?${query}`);
  }

  #choose(filter) {
    this.#filter = filter;
    for (const button of document.querySelectorAll("[data-filter]")) {
      button.setAttribute("aria-pressed", String(button.dataset.filter === filter));
    }
    this.#reload();
  }

  async #reload() {
    if (await this.#page(null)) settle();
  }

  async #more() {
    if (this.#loading || !this.#next) return;
    const known = this.#rows.size;
    if (await this.#page(this.#next)) say("said.loaded", { count: this.#rows.size - known });
  }

  async #page(cursor) {
    const load = ++this.#load;
    this.#loading = true;
    byId("list").setAttribute("aria-busy", "true");
    try {
      const { body } = await this.#query(PAGE, cursor);
      if (load !== this.#load) return false;
      if (!cursor) {
        this.#rows.clear();
        byId("list").replaceChildren();
      }
      const fresh = body.items.filter((task) => !this.#rows.has(task.id));
      if (fresh.length) byId("list").append(newChunk(fresh.map((task) => this.#row(task))));
      this.#next = body.next;
      this.#stale = false;
      return true;
    } catch (error) {
      if (load !== this.#load) return false;
      this.#stale ||= !cursor;
      complain(() => t("failed.list", { reason: why(error) }));
      return false;
    } finally {
      if (load === this.#load) {
        this.#loading = false;
        byId("list").removeAttribute("aria-busy");
        this.#furnish();
      }
    }
  }

  // What others have added, changed or deleted among the newest tasks.
  async #refreshHead() {
    const [load, writes] = [this.#load, this.#writes];
    let page;
    try {
      page = (await this.#query(HEAD)).body;
    } catch {
      return; // The picture says what is wrong.
    }
    if (load !== this.#load || writes !== this.#writes || this.#writing) return;
    const ids = new Set(page.items.map((task) => task.id));
    let place = this.#first;
    // Leaves place at the next row that the answer knows; those before it are gone.
    const skip = () => {
      while (place && !ids.has(place.task.id)) {
        const gone = place;
        place = after(place);
        if (!isEdited(gone)) this.drop(gone);
      }
    };
    for (const task of page.items) {
      skip();
      const row = this.#rows.get(task.id);
      if (!row) this.#insert(task, place);
      else {
        if (row === place) place = after(place);
        fillRow(row, task);
      }
    }
    if (!page.next) skip();
    this.#furnish();
  }

  get #first() {
    return byId("list").firstElementChild?.firstElementChild ?? null;
  }

  // Before a row, or at the end.
  #insert(task, place) {
    const row = this.#row(task);
    if (place) place.before(row);
    else if (byId("list").lastElementChild) byId("list").lastElementChild.append(row);
    else byId("list").append(newChunk([row]));
  }

  #row(task) {
    const row = newRow(task);
    this.#rows.set(task.id, row);
    return row;
  }

  #furnish() {
    const more = byId("more");
    more.hidden = !this.#next;
    // An observer tells changes only: asked anew, it tells again when the button is still near.
    this.#observer.unobserve(more);
    if (this.#next && !this.#loading) this.#observer.observe(more);
    byId("empty").hidden = this.#rows.size > 0 || this.#stale || this.#loading;
    byId("empty").textContent = t(`empty.${this.#filter}`);
  }
}
