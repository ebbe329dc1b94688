const SVG = "http://www.w3.org/2000/svg";

/** @param {string} id @returns {HTMLElement} */
export const byId = (id) => document.getElementById(id);

/** @param {string} tag @param {string} className @param {(Node | string)[]} [children] @returns {HTMLElement} */
export function element(tag, className, children = []) {
  const created = document.createElement(tag);
  if (className) created.className = className;
  created.append(...children);
  return created;
}

/** @param {string} tag @param {Record<string, string>} attributes @returns {SVGElement} */
export function svgElement(tag, attributes) {
  const created = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  return created;
}

/** A copy of a template's one element. @param {string} id of the template @returns {HTMLElement} */
export const fromTemplate = (id) => byId(id).content.firstElementChild.cloneNode(true);

/**
 * Shows which button of a group is chosen.
 * @param {string} name of the data attribute that all of the group have @param {string} value of the chosen one
 */
export function pressButton(name, value) {
  for (const button of document.querySelectorAll(`[data-${name}]`)) {
    button.setAttribute("aria-pressed", String(button.dataset[name] === value));
  }
}

/**
 * Calls back when a button of a group is clicked.
 * @param {string} name of the data attribute @param {(value: string) => void} chosen gets the attribute's value
 */
export function onButton(name, chosen) {
  for (const button of document.querySelectorAll(`[data-${name}]`)) {
    button.addEventListener("click", () => chosen(button.dataset[name]));
  }
}

/**
 * Writes a text only where it differs: a screen reader speaks each time a live region is written.
 * @param {HTMLElement} target @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
