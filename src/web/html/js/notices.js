import { Unreachable } from "./http.js";
import { explainProblem } from "./reasons.js";
import { onLanguage, t } from "./text.js";

const byId = (id) => document.getElementById(id);
let complaint = () => "";

/** Shows what went wrong, until settle(). @param {() => string} words called again in another language */
export function complain(words) {
  complaint = words;
  byId("notice").textContent = words();
}

/** Takes the complaint away. */
export const settle = () => complain(() => "");

/** Tells a screen reader what has been done. @param {string} key @param {object} values */
export function say(key, values) {
  byId("announce").textContent = t(key, values);
}

/** Why a request failed, in a few words. @param {Error} error of request() */
export function why(error) {
  if (error instanceof Unreachable) return t(`why.${error.reason}`);
  if (error.status === 502 || error.status === 504) return t("why.api");
  if (error.body?.code) return t("why.db");
  return explainProblem(error.body?.type, error.message);
}

onLanguage(() => complain(complaint));
