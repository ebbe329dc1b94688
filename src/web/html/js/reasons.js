import { codes, problems } from "./codes.js";
import { language } from "./text.js";

const kindOf = (type) => type?.split("/").at(-1);
const said = (entry) => entry?.[language()];

/**
 * Why the database cannot be used, in the reader's language.
 * @param {string | undefined} code of the api, such as "refused"
 * @param {string} reason the api's own English sentence; English readers get it as it is, since it names addresses
 */
export function explain(code, reason) {
  return (language() !== "en" && said(codes[code])?.[0]) || reason.replace(/\.$/, "");
}

/**
 * The same in a few words; "" for a code that this page does not know.
 * @param {string | undefined} code
 */
export const brief = (code) => said(codes[code])?.[0] ?? "";

/**
 * Why the api refuses, in the reader's language.
 * @param {string | undefined} type of the problem, such as "/api/problems/invalid-input"
 * @param {string} detail the api's own English sentence
 */
export function explainProblem(type, detail) {
  return (said(problems[kindOf(type)])?.[0] ?? detail).replace(/[.。]$/, "");
}

/**
 * What a reader can do; "" where there is nothing to do, or the page does not know.
 * @param {{code?: string, type?: string}} state
 */
export const advise = ({ code, type }) => said(codes[code] ?? problems[kindOf(type)])?.[1] ?? "";
