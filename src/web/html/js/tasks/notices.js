import { refuses } from "../codes.js";
import { byId } from "../dom.js";
import { Unreachable } from "../http.js";
import { brief, explainProblem } from "../reasons.js";
import { onLanguage, t } from "../text.js";

let complaint = () => "";

/** Shows what went wrong, until clearComplaint(). @param {() => string} words called again when the language changes */
export function complain(words) {
  complaint = words;
  byId("notice").textContent = words();
}

export const clearComplaint = () => complain(() => "");

/** Tells a screen reader what has been done. @param {string} key @param {object} values */
export function say(key, values) {
  byId("announce").textContent = t(key, values);
}

/** Why a request failed, in a few words. @param {Error} error of request() */
export function why(error) {
  if (error instanceof Unreachable) return t(`why.${error.reason}`);
  if (error.status === 502 || error.status === 504) return t("why.api");
  if (refuses(error.body?.code)) return brief(error.body.code);
  if (error.body?.code) return t("why.db");
  return explainProblem(error.body?.type, error.message);
}

onLanguage(() => complain(complaint));
