import { byId } from "../dom.js";
import { Problem, request } from "../http.js";
import { t } from "../text.js";
import { clearComplaint, complain, say, why } from "./notices.js";
import { editRow, fillRow } from "./row.js";

/** Ticks, edits and deletes tasks: a change shows at once, and is taken back when the api refuses it. */
export class Changes {
  #list;

  /** @param {import("./list.js").TaskList} list */
  constructor(list) {
    this.#list = list;
    byId("list").addEventListener("change", ({ target }) => {
      if (target.matches(".tick")) this.#tick(target.closest(".task"), target.checked);
    });
    byId("list").addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button?.matches(".edit")) this.#edit(button.closest(".task"));
      if (button?.matches(".delete")) this.#delete(button.closest(".task"));
    });
    byId("list").addEventListener("dblclick", ({ target }) => {
      if (target.matches(".text")) this.#edit(target.closest(".task"));
    });
  }

  async #tick(row, done) {
    const before = row.task;
    fillRow(row, { ...before, done });
    try {
      await this.#write(row, { method: "PATCH", body: { done } });
    } catch (error) {
      fillRow(row, before);
      complain(() => t("failed.save", { title: before.title, reason: why(error) }));
      return;
    }
    if (!row.isConnected) return;
    say(done ? "said.done" : "said.open", before);
    if (!this.#list.matches(row.task)) this.#list.remove(row);
  }

  #edit(row) {
    editRow(row, async (title) => {
      try {
        await this.#write(row, { method: "PATCH", body: { title } });
      } catch (error) {
        complain(() => t("failed.edit", { reason: why(error) }));
        return false;
      }
      if (row.isConnected) say("said.saved", row.task);
      return true;
    });
  }

  async #delete(row) {
    this.#list.moveFocus(row);
    row.hidden = true;
    try {
      await this.#write(row, { method: "DELETE" });
    } catch (error) {
      row.hidden = false;
      complain(() => t("failed.save", { title: row.task.title, reason: why(error) }));
      return;
    }
    if (!row.isConnected) return;
    this.#list.remove(row);
    say("said.deleted", row.task);
  }

  // A task that somebody else has deleted is no failure: its row is removed.
  async #write(row, options) {
    try {
      const { body } = await this.#list.writing(() => request(`api/tasks/${row.task.id}`, options));
      if (body) fillRow(row, body);
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404)) throw error;
      this.#list.remove(row);
      say("said.gone", row.task);
    }
    clearComplaint();
  }
}
