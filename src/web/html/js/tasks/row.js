import { element, fromTemplate } from "../dom.js";
import { t } from "../text.js";

const MAX_TITLE = 200;

/** @param {object} task @returns {HTMLElement} its row; row.task is the task */
export function newRow(task) {
  const row = fromTemplate("row");
  fillRow(row, task);
  return row;
}

/** Makes a row show a task. @param {HTMLElement} row @param {object} task */
export function fillRow(row, task) {
  row.task = task;
  row.toggleAttribute("data-done", task.done);
  row.querySelector(".text").textContent = task.title;
  const tick = row.querySelector(".tick");
  tick.checked = task.done;
  tick.setAttribute("aria-label", task.title);
  row.querySelector(".edit").setAttribute("aria-label", t("edit", task));
  row.querySelector(".delete").setAttribute("aria-label", t("delete", task));
}

/** @param {HTMLElement} row */
export const isEdited = (row) => row.querySelector(".field") !== null;

/**
 * Puts a field in place of the title until the new title is stored or given up.
 * @param {HTMLElement} row
 * @param {(title: string) => Promise<boolean>} store false keeps the field open with its text
 */
export function editRow(row, store) {
  if (isEdited(row)) return;
  const text = row.querySelector(".text");
  const field = element("input", "field");
  field.maxLength = MAX_TITLE;
  field.value = row.task.title;
  field.setAttribute("aria-label", t("edit.field", row.task));
  text.hidden = true;
  text.after(field);
  field.select();
  let storing = false;

  const close = () => {
    const focused = document.activeElement === field;
    field.removeEventListener("blur", save);
    text.hidden = false;
    field.remove();
    if (focused) row.querySelector(".edit").focus();
  };
  const save = async () => {
    const title = field.value.trim();
    if (storing) return;
    if (title && title !== row.task.title) {
      storing = true;
      const stored = await store(title);
      storing = false;
      if (!stored) return;
    }
    close();
  };
  field.addEventListener("blur", save);
  field.addEventListener("keydown", (event) => {
    // While an input method composes, Enter and Escape are its own.
    if (event.isComposing) return;
    if (event.key === "Enter") save();
    if (event.key === "Escape") close();
  });
}
