// A pod that gave none of the latest 15 answers is shown as silent. With 3 pods that is chance 1 time in 400.
const SILENT = 15;

/**
 * @typedef {{key: string, tier: "web" | "api" | "db", pod: string | null, node: string | null,
 *   count: number, total: number, silent: number, latest: boolean, state: "up" | "down" | "unknown"}} Pod
 *   count of total answers came from it; silent: the number of answers since its last one, 0 while that is
 *   below SILENT; latest: the latest request went through it
 * @typedef {{name: string | null, address: string, labels: string[]}} Node
 *   name null: the node is unknown, "": it is outside the cluster; labels: the ones that a node needs to run db
 */

const DOWN_FROM = { ok: 3, db: 2, api: 1, web: 0, starting: -1 };
const TIERS = ["web", "api", "db"];

// Nothing is known of a tier behind one that is down.
function stateOf(tier, kind) {
  const index = TIERS.indexOf(tier);
  if (index < DOWN_FROM[kind]) return "up";
  return index === DOWN_FROM[kind] ? "down" : "unknown";
}

const keyOf = (tier, { pod, node }) => [tier, node, pod].join("/");

function podsOf(tier, view) {
  const places = view.answers.map((answer) => answer[tier]).filter(Boolean);
  const pods = new Map();
  places.forEach((place, index) => {
    const key = keyOf(tier, place);
    const count = (pods.get(key)?.count ?? 0) + 1;
    const silent = places.length - 1 - index;
    pods.set(key, {
      key,
      tier,
      ...place,
      count,
      total: places.length,
      silent: silent < SILENT ? 0 : silent,
      latest: place === view.answers.at(-1)[tier],
      state: stateOf(tier, view.state.kind),
    });
  });
  return pods.size ? [...pods.values()] : [podAt(tier, view, { pod: null, node: null })];
}

function podAt(tier, view, place) {
  const state = stateOf(tier, view.state.kind);
  return { key: keyOf(tier, place), tier, ...place, count: 0, total: 0, silent: 0, latest: state === "up", state };
}

function describe(name, pods, labels) {
  const here = pods.filter((pod) => pod.node === name);
  const address = here.map((pod) => pod.node_address).find(Boolean) ?? "";
  const chosen = name && here.some((pod) => pod.tier === "db");
  return { name, address, labels: chosen ? Object.entries(labels ?? {}).map((pair) => pair.join("=")) : [] };
}

/**
 * Which pods run on which nodes, by the latest answers.
 * @param {import("./watch.js").View} view
 * @returns {{pods: Pod[], nodes: Node[]}} nodes sorted by name, those without one last
 */
export function model(view) {
  const { pod = null, node_address = null, node_labels, version } = view.db ?? {};
  // A server that the chart started reports its pod and its node; any server that has answered reports its version.
  const node = view.db?.node ?? (version && pod === null ? "" : null);
  const pods = [...podsOf("web", view), ...podsOf("api", view), podAt("db", view, { pod, node, node_address })];
  const names = [...new Set(pods.map((pod) => pod.node))];
  names.sort((a, b) => !a - !b || a.localeCompare(b, "en", { numeric: true }));
  return { pods, nodes: names.map((name) => describe(name, pods, node_labels)) };
}
