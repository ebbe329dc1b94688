import { Problem, Unreachable, request } from "../http.js";

const PERIOD = 2000; // ms between two requests, until the api says how long
const SPREAD = 0.5; // pages that were opened at one moment soon ask at all moments
const TIMEOUT = 6000; // ms; web itself answers after 4 s that api took too long
const KEPT = 50; // how many of the latest answers count for the shares

/**
 * @typedef {{pod: string | null, node: string | null, node_address: string | null}} Place
 * @typedef {{kind: "starting" | "ok" | "web" | "api" | "db", reason?: string, code?: string, status?: number,
 *   type?: string}} State
 * @typedef {{kind: State["kind"], web: Place | null, api: Place | null, at: number}} Answer
 * @typedef {{state: State, since: Date | null, answers: Answer[], db: object | null, period: number,
 *   hops: {web: number | null, api: number | null, db: number | null}}} View
 *   answers: the latest KEPT, oldest first; db: its latest known state; period: ms between two requests, as the
 *   api wants it; hops: ms to reach each tier
 */

/**
 * Requests the topology again and again while the page is visible.
 * @param {(view: View) => void} onAnswer called after every request, failed ones included
 */
export function watch(onAnswer) {
  /** @type {View} */
  const view = {
    state: { kind: "starting" },
    since: null,
    answers: [],
    db: null,
    period: PERIOD,
    hops: { web: null, api: null, db: null },
  };
  let timer;
  let asking = false;

  async function ask() {
    if (asking || document.hidden) return;
    asking = true;
    clearTimeout(timer);
    try {
      answered(view, await request("api/topology", { timeout: TIMEOUT }));
    } catch (error) {
      failed(view, error);
    }
    asking = false;
    view.answers.splice(0, view.answers.length - KEPT);
    onAnswer(view);
    timer = setTimeout(ask, view.period * (1 + SPREAD * (2 * Math.random() - 1)));
  }

  document.addEventListener("visibilitychange", ask);
  addEventListener("online", ask);
  addEventListener("offline", ask);
  ask();
}

function answered(view, { body, ms, upstreamMs }) {
  const { web, api, db, hops, next_ms: period = PERIOD } = body;
  view.period = period;
  // While db is down no tier reports where it is; the picture keeps its last place.
  view.db = db.up ? db : { ...view.db, ...db };
  const between = Object.fromEntries(hops.map((hop) => [hop.to, hop.ms]));
  view.hops = {
    web: upstreamMs === null ? null : Math.max(0, ms - upstreamMs),
    api: between.api ?? null,
    db: between.db ?? null,
  };
  const state = db.up ? { kind: "ok" } : { kind: "db", code: db.code, reason: db.reason ?? "" };
  record(view, state, { web, api });
}

function failed(view, error) {
  view.hops = { web: null, api: null, db: null };
  if (error instanceof Unreachable) record(view, { kind: "web", reason: error.reason }, {});
  else if (error instanceof Problem) {
    const { type, web } = error.body;
    record(view, { kind: "api", status: error.status, reason: error.message, type }, { web });
  } else throw error;
}

function record(view, state, { web = null, api = null }) {
  const { kind, reason, status } = view.state;
  if (kind !== state.kind || reason !== state.reason || status !== state.status) {
    view.state = state;
    view.since = new Date();
  }
  view.answers.push({ kind: state.kind, web, api, at: Date.now() });
}
