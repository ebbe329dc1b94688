import { language, t, translated } from "./text.js";

/**
 * Why the database does not answer, in the reader's language.
 * @param {string | undefined} code of the api, such as "refused"
 * @param {string} reason the api's own English sentence; English readers get it as it is, since it names addresses
 */
export function explain(code, reason) {
  const key = `reason.${code}`;
  return language() !== "en" && translated(key) ? t(key) : reason.replace(/\.$/, "");
}

/**
 * Why the api refuses, in the reader's language.
 * @param {string | undefined} type of the problem, such as "/api/problems/invalid-input"
 * @param {string} detail the api's own English sentence
 */
export function explainProblem(type, detail) {
  const key = `problem.${type?.split("/").at(-1)}`;
  return (translated(key) ? t(key) : detail).replace(/[.。]$/, "");
}
