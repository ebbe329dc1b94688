import { pressButton } from "./dom.js";
import { strings } from "./strings.js";

const listeners = new Set();
let current = remembered() ?? preferred();

function remembered() {
  try {
    const language = localStorage.getItem("language");
    return language in strings ? language : null;
  } catch {
    return null;
  }
}

// Every kind of Chinese gets Traditional Chinese, any other language English.
function preferred() {
  for (const language of navigator.languages) {
    if (/^zh\b/i.test(language)) return "zh-TW";
    if (/^en\b/i.test(language)) return "en";
  }
  return "en";
}

/** @returns {"en" | "zh-TW"} */
export const language = () => current;

/**
 * @param {string} key
 * @param {Record<string, string | number>} [values] put in place of {name}
 * @returns {string}
 */
export function t(key, values = {}) {
  return strings[current][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Calls back after every change of language. @param {() => void} listener */
export const onLanguage = (listener) => listeners.add(listener);

/** Switches to a language, remembers it and rewrites the page. @param {"en" | "zh-TW"} chosen */
export function setLanguage(chosen) {
  current = chosen;
  try {
    localStorage.setItem("language", chosen);
  } catch {
    // The language is switched, but not remembered.
  }
  translate();
}

/** Fills every element that carries data-text, data-label or data-placeholder. */
export function translate() {
  document.documentElement.lang = current;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = t(element.dataset.text);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
  }
  for (const element of document.querySelectorAll("[data-placeholder]")) {
    element.placeholder = t(element.dataset.placeholder);
  }
  pressButton("language", current);
  for (const listener of listeners) listener();
}

/** 0.42 -> "0.4 ms", 1830 -> "1.8 s". @param {number} ms @returns {string} */
export function duration(ms) {
  const [value, unit] = ms < 1000 ? [ms, "ms"] : [ms / 1000, "s"];
  const digits = value < 10 ? 1 : 0;
  const number = new Intl.NumberFormat(current, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${number.format(value)} ${unit}`;
}

const clockFormat = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };

/** @param {Date} date @returns {string} the time of day with seconds */
export const clock = (date) => new Intl.DateTimeFormat(current, clockFormat).format(date);
