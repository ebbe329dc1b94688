import { refuses } from "../codes.js";
import { byId, fromTemplate } from "../dom.js";
import { Unreachable, request } from "../http.js";
import { brief, explainProblem } from "../reasons.js";
import { onLanguage, t } from "../text.js";
import { clearComplaint, complain, say } from "./notices.js";
import { Outbox } from "./outbox.js";

const RETRY = 3000; // ms

/** The form for new tasks, and the list of those that the api has not stored yet. */
export class Adding {
  #list;
  #outbox = new Outbox();
  #sending = false;
  #retry;

  /** @param {import("./list.js").TaskList} list */
  constructor(list) {
    this.#list = list;
    byId("title").value = this.#outbox.draft;
    byId("title").addEventListener("input", ({ target }) => {
      this.#outbox.draft = target.value;
    });
    byId("add").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    byId("outbox").addEventListener("click", ({ target }) => this.#clicked(target.closest("button")));
    onLanguage(() => this.#show());
    this.flush();
  }

  /** Sends the waiting tasks, oldest first, and stops at the first that cannot be sent; tries that one again later. */
  async flush() {
    if (this.#sending) return;
    this.#sending = true;
    clearTimeout(this.#retry);
    let item = this.#outbox.next;
    while (item && (await this.#send(item))) item = this.#outbox.next;
    this.#sending = false;
    if (item) this.#retry = setTimeout(() => this.flush(), RETRY);
    this.#show();
  }

  #submit() {
    const title = byId("title").value.trim();
    byId("title").focus();
    if (!title) {
      complain(() => t("add.blank"));
      return;
    }
    clearComplaint();
    this.#outbox.add(title);
    this.#type("");
    this.#show();
    this.flush();
  }

  #type(text) {
    byId("title").value = text;
    this.#outbox.draft = text;
  }

  async #send(item) {
    try {
      const { body } = await this.#list.writing(() =>
        request("api/tasks", {
          method: "POST",
          headers: { "Idempotency-Key": item.key },
          body: { title: item.title },
        }),
      );
      this.#outbox.remove(item);
      this.#list.add(body);
      say("said.added", body);
      return true;
    } catch (error) {
      item.failed = true;
      item.code = error.body?.code;
      if (error instanceof Unreachable || error.temporary) return false;
      // 409: an earlier try stored the task, and somebody has deleted it since.
      if (error.status === 409) this.#outbox.remove(item);
      else Object.assign(item, { rejected: error.message, type: error.body.type });
      return true;
    } finally {
      this.#outbox.save();
      this.#show();
    }
  }

  // A task keeps its element while it waits, so that a button in it keeps the focus.
  #show() {
    const { items } = this.#outbox;
    const box = byId("outbox");
    for (const row of [...box.children]) {
      if (items.includes(row.item)) continue;
      if (row.contains(document.activeElement)) byId("title").focus();
      row.remove();
    }
    const shown = new Map([...box.children].map((row) => [row.item, row]));
    for (const item of items) {
      const row = shown.get(item) ?? fromTemplate("waiting");
      row.item = item;
      fill(row);
      if (!row.isConnected) box.append(row);
    }
    box.hidden = !items.length;
  }

  #clicked(button) {
    const item = button?.closest(".task").item;
    if (!item) return;
    if (button.matches(".again") && !item.rejected) {
      this.flush();
      return;
    }
    if (button.matches(".again")) this.#type(item.title);
    this.#outbox.remove(item);
    this.#show();
  }
}

function fill(row) {
  const { title, failed, rejected, type, code } = row.item;
  row.toggleAttribute("data-failed", Boolean(failed));
  row.querySelector(".text").textContent = title;
  row.querySelector(".why").textContent = waitsFor(failed, code, rejected && explainProblem(type, rejected));
  const again = row.querySelector(".again");
  const discard = row.querySelector(".discard");
  again.textContent = t(rejected ? "outbox.change" : "outbox.send");
  discard.textContent = t("outbox.discard");
  again.hidden = discard.hidden = !failed;
}

function waitsFor(failed, code, rejected) {
  if (rejected) return t("outbox.rejected", { detail: rejected });
  if (failed && refuses(code)) return t("outbox.refused", { reason: brief(code) });
  return t(failed ? "outbox.waiting" : "outbox.sending");
}
