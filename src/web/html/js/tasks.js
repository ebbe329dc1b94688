import { Problem, Unreachable, request } from "./http.js";
import { Outbox } from "./outbox.js";
import { explain } from "./reasons.js";
import { onLanguage, t } from "./text.js";

const PAGE = 100;
const HEAD = 30; // newest tasks looked at again, to see what others do
const HEAD_PERIOD = 3; // every so many answers of the topology
const RETRY = 3000; // ms
const MAX_TITLE = 200;

const byId = (id) => document.getElementById(id);
const path = (id) => `api/tasks/${id}`;

/** The list of tasks with its form. Rows are the only store: what the page shows is what it knows. */
export class Tasks {
  #filter = "all";
  #next = null; // cursor of the next page
  #load = 0; // number of the running or latest load; answers of older ones are dropped
  #loading = false;
  #writes = 0; // writes begun and ended so far
  #busy = new Set(); // ids being written
  #rows = new Map(); // id -> row
  #outbox = new Outbox();
  #sending = false;
  #retry;
  #complaint = () => ""; // the notice, said anew in another language
  #ticks = 0;
  #stale = true; // the list has never been loaded, or a load failed

  constructor() {
    byId("add").addEventListener("submit", (event) => this.#submit(event));
    byId("title").value = this.#outbox.draft;
    byId("title").addEventListener("input", (event) => (this.#outbox.draft = event.target.value));
    byId("list").addEventListener("change", (event) => this.#changed(event));
    byId("list").addEventListener("click", (event) => this.#clicked(event));
    byId("list").addEventListener("dblclick", (event) => {
      if (event.target.matches(".text")) this.#edit(event.target.closest(".task"));
    });
    byId("outbox").addEventListener("click", (event) => this.#outboxClicked(event));
    for (const button of document.querySelectorAll("[data-filter]")) {
      button.addEventListener("click", () => this.#choose(button.dataset.filter));
    }
    byId("more").addEventListener("click", () => this.#more());
    new IntersectionObserver(([entry]) => entry.isIntersecting && this.#more(), { rootMargin: "1200px" }).observe(byId("more"));
    onLanguage(() => this.#relabel());
    this.#showOutbox();
    this.#reload();
    this.#flush();
  }

  /** Tells the list how the tiers are, every few seconds. @param {import("./watch.js").State} state */
  heard(state) {
    if (state.kind !== "ok") return;
    if (this.#stale) this.#reload();
    else if (this.#ticks++ % HEAD_PERIOD === 0) this.#refreshHead();
    this.#flush();
  }

  // Loading

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
    if (await this.#page(null)) this.#complain(() => "");
  }

  async #more() {
    if (this.#loading || !this.#next) return;
    const before = this.#rows.size;
    if (await this.#page(this.#next)) this.#say("said.loaded", { count: this.#rows.size - before });
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
      byId("list").append(...fresh.map((task) => this.#row(task)));
      this.#next = body.next;
      this.#stale = false;
      return true;
    } catch (error) {
      if (load !== this.#load) return false;
      this.#stale = !cursor;
      this.#complain(() => t("failed.list", { reason: why(error) }));
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
    if (load !== this.#load || writes !== this.#writes || this.#busy.size) return;
    const ids = new Set(page.items.map((task) => task.id));
    let place = byId("list").firstElementChild;
    for (const task of page.items) {
      // Rows above the next known one and not in the answer are gone.
      while (place && !ids.has(place.task.id)) {
        const gone = place;
        place = place.nextElementSibling;
        if (!gone.contains(document.activeElement)) this.#drop(gone);
      }
      const row = this.#rows.get(task.id);
      if (!row) byId("list").insertBefore(this.#row(task), place);
      else {
        if (row === place) place = place.nextElementSibling;
        if (!row.querySelector(".field")) this.#fill(row, task);
      }
    }
    if (!page.next) while (place && !place.contains(document.activeElement)) {
      const gone = place;
      place = place.nextElementSibling;
      this.#drop(gone);
    }
    this.#furnish();
  }

  #furnish() {
    byId("more").hidden = !this.#next;
    const empty = !this.#rows.size && !this.#outbox.items.length && !this.#stale && !this.#loading;
    byId("empty").hidden = !empty;
    byId("empty").textContent = t(`empty.${this.#filter}`);
  }

  // Rows

  #row(task) {
    const row = byId("row").content.firstElementChild.cloneNode(true);
    this.#rows.set(task.id, row);
    this.#fill(row, task);
    return row;
  }

  #fill(row, task) {
    row.task = task;
    row.toggleAttribute("data-done", task.done);
    row.querySelector(".text").textContent = task.title;
    const tick = row.querySelector(".tick");
    tick.checked = task.done;
    tick.setAttribute("aria-label", task.title);
    row.querySelector(".edit").setAttribute("aria-label", t("edit", task));
    row.querySelector(".delete").setAttribute("aria-label", t("delete", task));
  }

  #drop(row) {
    if (row.contains(document.activeElement)) {
      const neighbour = row.nextElementSibling ?? row.previousElementSibling;
      (neighbour?.querySelector(".tick") ?? byId("title")).focus();
    }
    this.#rows.delete(row.task.id);
    row.remove();
    this.#furnish();
  }

  #matches(task) {
    return this.#filter === "all" || task.done === (this.#filter === "done");
  }

  #changed(event) {
    if (!event.target.matches(".tick")) return;
    const row = event.target.closest(".task");
    const before = row.task;
    const done = event.target.checked;
    this.#fill(row, { ...before, done });
    this.#write(row, { method: "PATCH", body: { done } }, () => {
      this.#say(done ? "said.done" : "said.open", before);
      if (!this.#matches(row.task)) this.#drop(row);
    }, (error) => {
      this.#fill(row, before);
      this.#complain(() => t("failed.save", { title: before.title, reason: why(error) }));
    });
  }

  #clicked(event) {
    const button = event.target.closest("button");
    const row = button?.closest(".task");
    if (button?.matches(".edit")) this.#edit(row);
    if (button?.matches(".delete")) this.#delete(row);
  }

  #delete(row) {
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    (neighbour?.querySelector(".tick") ?? byId("title")).focus();
    row.hidden = true;
    this.#write(row, { method: "DELETE" }, () => {
      this.#drop(row);
      this.#say("said.deleted", row.task);
    }, (error) => {
      row.hidden = false;
      this.#complain(() => t("failed.save", { title: row.task.title, reason: why(error) }));
    });
  }

  #edit(row) {
    if (row.querySelector(".field")) return;
    const text = row.querySelector(".text");
    const field = document.createElement("input");
    field.className = "field";
    field.maxLength = MAX_TITLE;
    field.value = row.task.title;
    field.setAttribute("aria-label", t("edit.field", row.task));
    text.hidden = true;
    text.after(field);
    field.select();
    field.focus();
    const close = (focus) => {
      text.hidden = false;
      field.removeEventListener("blur", save);
      field.remove();
      if (focus) row.querySelector(".edit").focus();
    };
    const save = () => {
      const title = field.value.trim();
      const focus = document.activeElement === field;
      if (!title || title === row.task.title) return close(focus);
      if (this.#busy.has(row.task.id)) return;
      this.#write(row, { method: "PATCH", body: { title } }, () => {
        close(focus);
        this.#say("said.saved", { title });
      }, (error) => this.#complain(() => t("failed.edit", { reason: why(error) })));
    };
    field.addEventListener("blur", save);
    field.addEventListener("keydown", (event) => {
      // An input method uses Enter and Escape for itself while it composes.
      if (event.isComposing) return;
      if (event.key === "Enter") save();
      if (event.key === "Escape") close(true);
    });
  }

  // Sends a change of one row; the page already shows it, and failed() takes it back.
  async #write(row, options, succeeded, failed) {
    const { id } = row.task;
    this.#busy.add(id);
    this.#writes += 1;
    try {
      const { body } = await request(path(id), options);
      if (body) this.#fill(row, body);
      this.#complain(() => "");
      succeeded();
    } catch (error) {
      if (error instanceof Problem && error.status === 404) {
        this.#drop(row);
        this.#say("said.gone", row.task);
      } else failed(error);
    }
    this.#busy.delete(id);
    this.#writes += 1;
  }

  // Adding

  #submit(event) {
    event.preventDefault();
    const title = byId("title").value.trim();
    byId("title").focus();
    if (!title) {
      this.#complain(() => t("add.blank"));
      return;
    }
    this.#outbox.add(title);
    this.#setDraft("");
    this.#complain(() => "");
    this.#showOutbox();
    this.#flush();
  }

  #setDraft(text) {
    byId("title").value = text;
    this.#outbox.draft = text;
  }

  // Sends what waits, oldest first, until one cannot be sent.
  async #flush() {
    if (this.#sending) return;
    this.#sending = true;
    clearTimeout(this.#retry);
    for (let item; (item = this.#outbox.items.find((waiting) => !waiting.rejected)); ) {
      item.tried = true;
      if (!(await this.#send(item))) {
        this.#retry = setTimeout(() => this.#flush(), RETRY);
        break;
      }
    }
    this.#sending = false;
    this.#showOutbox();
  }

  async #send(item) {
    this.#writes += 1;
    try {
      const { body } = await request("api/tasks", {
        method: "POST",
        headers: { "Idempotency-Key": item.key },
        body: { title: item.title },
      });
      this.#outbox.remove(item);
      if (this.#matches(body) && !this.#rows.has(body.id)) byId("list").prepend(this.#row(body));
      this.#say("said.added", body);
      return true;
    } catch (error) {
      item.failed = true;
      if (error instanceof Unreachable || error.passing) return false;
      // Stored by an earlier try and deleted since.
      if (error.status === 409) this.#outbox.remove(item);
      else item.rejected = error.message;
      return true;
    } finally {
      this.#writes += 1;
      this.#outbox.save();
      this.#showOutbox();
    }
  }

  #showOutbox() {
    byId("outbox").replaceChildren(
      ...this.#outbox.items.map((item) => {
        const row = byId("waiting").content.firstElementChild.cloneNode(true);
        row.item = item;
        row.querySelector(".text").textContent = item.title;
        row.toggleAttribute("data-failed", Boolean(item.failed));
        row.querySelector(".why").textContent = item.rejected
          ? t("outbox.rejected", { detail: item.rejected })
          : t(item.failed ? "outbox.waiting" : "outbox.sending");
        const [retry, discard] = row.querySelectorAll("button");
        retry.textContent = t(item.rejected ? "outbox.edit" : "outbox.retry");
        discard.textContent = t("outbox.discard");
        retry.hidden = discard.hidden = !item.failed;
        return row;
      }),
    );
    byId("outbox").hidden = !this.#outbox.items.length;
    this.#furnish();
  }

  #outboxClicked(event) {
    const button = event.target.closest("button");
    const item = button?.closest(".task").item;
    if (!item) return;
    if (button.matches(".retry") && !item.rejected) return this.#flush();
    if (button.matches(".retry")) this.#setDraft(item.title);
    this.#outbox.remove(item);
    this.#showOutbox();
    byId("title").focus();
  }

  // Telling

  #complain(words) {
    this.#complaint = words;
    byId("notice").textContent = words();
  }

  #say(key, values) {
    byId("announce").textContent = t(key, values);
  }

  #relabel() {
    for (const row of this.#rows.values()) this.#fill(row, row.task);
    byId("notice").textContent = this.#complaint();
    this.#showOutbox();
  }
}

function why(error) {
  if (error instanceof Unreachable) return t(`why.${error.reason}`);
  if (error.status === 502 || error.status === 504) return t("why.api");
  if (error.body.code) return t("why.db", { reason: explain(error.body.code, error.message) });
  return error.message.replace(/\.$/, "");
}
