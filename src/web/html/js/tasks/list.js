import { byId, element, onButton, pressButton } from "../dom.js";
import { request } from "../http.js";
import { onLanguage, t } from "../text.js";
import { clearComplaint, complain, say, why } from "./notices.js";
import { fillRow, isEdited, newRow } from "./row.js";

const PAGE = 100;
const HEAD = 30; // how many of the newest tasks are read again, to see what others do
const HEAD_PERIOD = 3; // they are read at every third call of refresh()

// Rows are grouped in chunks, so that the browser observes a hundred boxes and not ten thousand.
const after = (row) => row.nextElementSibling ?? row.parentElement.nextElementSibling?.firstElementChild ?? null;
const before = (row) => row.previousElementSibling ?? row.parentElement.previousElementSibling?.lastElementChild ?? null;

function newChunk(rows) {
  const chunk = element("div", "chunk", rows);
  chunk.setAttribute("role", "none");
  return chunk;
}

/** The tasks loaded so far, newest first. A task is stored in its row and nowhere else. */
export class TaskList {
  #filter = "all";
  #next = null; // cursor of the next page
  #load = 0; // number of the running or latest load; answers to older ones are ignored
  #loading = false;
  #stale = true; // never loaded, or the latest load failed
  #writes = 0; // how many writes have begun, plus how many have ended
  #writing = 0; // how many run now
  #rows = new Map(); // id -> row
  #calls = 0;
  #observer = new IntersectionObserver((entries) => entries.at(-1).isIntersecting && this.#more(), {
    rootMargin: "1200px",
  });

  constructor() {
    onButton("filter", (filter) => this.#choose(filter));
    byId("more").addEventListener("click", () => this.#more());
    onLanguage(() => {
      for (const row of this.#rows.values()) fillRow(row, row.task);
      this.#showEnd();
    });
    this.#reload();
  }

  /** Reads what has changed. Call it every few seconds while every tier answers. */
  refresh() {
    if (this.#stale && !this.#loading) this.#reload();
    else if (this.#calls++ % HEAD_PERIOD === 0) this.#refreshHead();
  }

  /** Puts a new task on top, if the filter shows it. @param {object} task */
  add(task) {
    if (this.matches(task) && !this.#rows.has(task.id)) this.#insert(task, this.#first);
    this.#showEnd();
  }

  /** Removes a row; the focus goes to its neighbour. @param {HTMLElement} row */
  remove(row) {
    this.moveFocus(row);
    this.#rows.delete(row.task.id);
    const chunk = row.parentElement;
    row.remove();
    if (!chunk.childElementCount) chunk.remove();
    this.#showEnd();
  }

  /** Moves the focus out of a row that is about to be hidden or removed. @param {HTMLElement} row */
  moveFocus(row) {
    if (!row.contains(document.activeElement)) return;
    const neighbour = after(row) ?? before(row);
    (neighbour?.querySelector(".tick") ?? byId("title")).focus();
  }

  /** Whether the filter shows this task. @param {object} task */
  matches(task) {
    return this.#filter === "all" || task.done === (this.#filter === "done");
  }

  /**
   * Runs a write. An answer that was read meanwhile may be older than the write, and is not shown.
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
    pressButton("filter", filter);
    this.#reload();
  }

  async #reload() {
    if (await this.#page(null)) clearComplaint();
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
        this.#showEnd();
      }
    }
  }

  // Shows what others have added, changed or deleted among the newest tasks.
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
    // Moves place on to the next row that is in the answer; the rows before it are deleted ones.
    const skip = () => {
      while (place && !ids.has(place.task.id)) {
        const gone = place;
        place = after(place);
        if (!isEdited(gone)) this.remove(gone);
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
    this.#showEnd();
  }

  get #first() {
    return byId("list").firstElementChild?.firstElementChild ?? null;
  }

  // Inserts before a row, or at the end.
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

  #showEnd() {
    const more = byId("more");
    more.hidden = !this.#next;
    // An observer reports changes only. Observed anew, a button that is still near is reported again.
    this.#observer.unobserve(more);
    if (this.#next && !this.#loading) this.#observer.observe(more);
    byId("empty").hidden = this.#rows.size > 0 || this.#stale || this.#loading;
    byId("empty").textContent = t(`empty.${this.#filter}`);
  }
}
