import { refuses } from "../codes.js";
import { byId, element, setText, svgElement } from "../dom.js";
import { advise, explain, explainProblem } from "../reasons.js";
import { clock, duration, onLanguage, t } from "../text.js";
import { drawLines } from "./lines.js";
import { model } from "./model.js";

const TIERS = ["web", "api", "db"];
const COLOURS = 6;
const SLOW = 3; // s between two questions, from which on the page says so

/** The live picture of the tiers. */
export class Picture {
  #view = null;
  #pods = []; // of the latest view
  #shape = ""; // which pods are drawn on which nodes
  #boxes = new Map(); // Pod.key -> element
  #letters = new Map(); // name of an api pod -> its number, which gives its letter and colour

  constructor() {
    onLanguage(() => {
      this.#shape = "";
      this.#draw();
    });
    new ResizeObserver(() => this.#drawLines()).observe(byId("stage"));
    const card = byId("stage").closest(".picture");
    new ResizeObserver(() => card.style.setProperty("--height", `${card.offsetHeight}px`)).observe(card);
  }

  /** @param {import("./watch.js").View} view */
  show(view) {
    this.#view = view;
    this.#draw();
  }

  #draw() {
    if (!this.#view) {
      setText(byId("status"), t("state.starting"));
      return;
    }
    const { pods, nodes } = model(this.#view);
    this.#pods = pods;
    for (const { tier, pod } of pods) {
      if (tier === "api" && pod && !this.#letters.has(pod)) this.#letters.set(pod, this.#letters.size);
    }
    const shape = JSON.stringify([nodes, pods.map((pod) => pod.key)]);
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#build(pods, nodes);
    }
    this.#status();
    for (const pod of pods) this.#fill(pod);
    this.#feed();
    this.#drawLines();
  }

  #status() {
    const { state, since } = this.#view;
    byId("status").closest(".status").dataset.state = state.kind;
    setText(byId("status"), sentence(state));
    setText(byId("since"), state.kind === "ok" ? "" : t("since", { time: clock(since) }));
    setText(byId("advice"), advise(state));
  }

  #build(pods, nodes) {
    this.#boxes.clear();
    byId("nodes").replaceChildren(
      ...nodes.map((node) => {
        const item = element("li", "node");
        if (!node.name) item.dataset.unknown = "";
        const title = element("h3", "", [icon("node")]);
        if (!node.name) title.append(t(node.name === "" ? "node.outside" : "node.unknown"));
        else title.append(`${t("node")} `, element("b", "", [node.name]));
        const where = element("div", "where", [title]);
        if (node.address) where.append(element("span", "address", [node.address]));
        where.append(...node.labels.map((label) => element("span", "label", [label])));
        const cells = TIERS.map((tier) => {
          const here = pods.filter((pod) => pod.tier === tier && pod.node === node.name);
          const cell = element(here.length ? "ul" : "div", "cell", here.map((pod) => this.#box(pod)));
          cell.dataset.tier = tier;
          return cell;
        });
        item.append(where, element("div", "cells", cells));
        return item;
      }),
    );
  }

  #box(pod) {
    const box = element("li", "pod");
    box.dataset.tier = pod.tier;
    const tier = element("span", "tier", [icon(pod.tier), pod.tier]);
    const number = this.#letters.get(pod.pod);
    if (pod.tier === "api" && number !== undefined) tier.append(badge(number));
    const name = element("span", "name");
    if (pod.pod) {
      // Deployments name their pods x-hash-random; only the end differs.
      const cut = pod.tier === "db" ? 0 : pod.pod.lastIndexOf("-") + 1;
      name.append(element("span", "stem", [pod.pod.slice(0, cut)]), pod.pod.slice(cut));
    } else name.append(t(pod.node === "" ? "pod.outside" : "pod.unknown"));
    box.append(tier, name, element("span", "version"), element("span", "note"));
    if (pod.tier === "db") {
      const volume = element("span", "volume", [icon("volume"), element("span", "size"), element("span", "claim")]);
      volume.hidden = true;
      const members = element("span", "members");
      members.hidden = true;
      box.append(volume, members);
    }
    if (pod.tier === "api") {
      const meter = element("span", "meter", [element("span", "")]);
      if (number !== undefined) meter.dataset.colour = number % COLOURS;
      box.append(meter);
    }
    this.#boxes.set(pod.key, box);
    return box;
  }

  #fill(pod) {
    const box = this.#boxes.get(pod.key);
    box.dataset.state = pod.state;
    box.toggleAttribute("data-latest", pod.latest);
    box.toggleAttribute("data-silent", pod.silent > 0);
    const version = pod.tier === "db" && this.#view.db?.version;
    if (version) {
      box.querySelector(".version").replaceChildren(element("span", "product", ["PostgreSQL "]), version);
    }
    setText(box.querySelector(".note"), this.#note(pod));
    const volume = pod.tier === "db" && this.#view.db?.volume;
    if (volume) {
      box.querySelector(".volume").hidden = false;
      setText(box.querySelector(".size"), `${t("volume")} ${volume.size ?? ""}`.trim());
      setText(box.querySelector(".claim"), volume.claim);
    }
    const members = pod.tier === "db" && this.#view.db?.members;
    if (pod.tier === "db") {
      box.querySelector(".members").hidden = !members;
      setText(box.querySelector(".members"), members ? membersText(members) : "");
    }
    const meter = box.querySelector(".meter > span");
    if (meter) meter.style.width = `${pod.total ? (100 * pod.count) / pod.total : 0}%`;
  }

  #note(pod) {
    if (pod.state === "down") return t(refuses(this.#view.state.code) ? "pod.refuses" : "pod.missing");
    if (pod.silent) return t("pod.silent", { count: pod.silent });
    if (pod.tier === "db") return this.#view.db?.address ?? "";
    return pod.total ? t("pod.share", pod) : "";
  }

  #feed() {
    const { answers } = this.#view;
    byId("squares").replaceChildren(
      ...answers.map((answer) => {
        const number = this.#letters.get(answer.api?.pod);
        const square = number === undefined ? element("span", "badge") : badge(number);
        square.dataset.kind = answer.kind;
        if (answer.kind !== "ok") square.textContent = "×";
        else if (number === undefined) square.textContent = "?";
        return square;
      }),
    );
    const parts = this.#pods
      .filter((pod) => pod.tier === "api" && this.#letters.has(pod.pod))
      .map((pod) => t("feed.share", { ...pod, letter: letter(this.#letters.get(pod.pod)) }));
    const count = (...kinds) => answers.filter((answer) => kinds.includes(answer.kind)).length;
    if (count("db")) parts.push(t("feed.db", { count: count("db") }));
    if (count("web", "api")) parts.push(t("feed.failed", { count: count("web", "api") }));
    setText(byId("shares"), parts.join(" · "));
    const seconds = Math.round(this.#view.period / 1000);
    setText(byId("pace"), seconds < SLOW ? "" : t("feed.pace", { seconds }));
  }

  #drawLines() {
    if (!this.#pods.length) return;
    const { hops } = this.#view;
    const box = (pod) => this.#boxes.get(pod.key);
    const of = (tier) => this.#pods.filter((pod) => pod.tier === tier && !pod.silent);
    const client = byId("client");
    const possible = [
      ...of("web").map((web) => [client, box(web)]),
      ...of("web").flatMap((web) => of("api").map((api) => [box(web), box(api)])),
      ...of("api").flatMap((api) => of("db").map((db) => [box(api), box(db)])),
    ];
    const taken = [];
    let from = client;
    for (const tier of TIERS) {
      const label = document.querySelector(`[data-hop=${tier}]`);
      const to = this.#pods.find((pod) => pod.tier === tier && (pod.latest || pod.state === "down"));
      label.hidden = !from || !to;
      if (label.hidden) continue;
      const broken = to.state === "down";
      label.toggleAttribute("data-broken", broken);
      const time = broken ? "×" : hops[tier] === null ? "" : duration(hops[tier]);
      label.hidden = time === "";
      const fault = broken ? this.#note({ tier, state: "down" }) : "";
      label.replaceChildren(element("span", "hidden", [`${t(`hop.${tier}`)}: ${fault}`]), time);
      taken.push({ from, to: box(to), broken, label });
      from = broken ? null : box(to);
    }
    drawLines(byId("lines"), possible, taken, document.querySelectorAll(".where, .pod, .client"));
  }
}

/** Describes the leader's replicas: how far behind each one is, and how many are missing. */
function membersText({ wanted, replicas }) {
  const lines = replicas.map(({ pod, state, lag_bytes: lag }) =>
    t(state === "streaming" && lag !== null ? "members.replica" : "members.joining", { pod, lag: Math.ceil(lag / 1024) }),
  );
  const missing = wanted - 1 - replicas.length;
  if (missing > 0) lines.push(t("members.missing", { count: missing }));
  return [t("members.leader"), ...lines].join(" · ");
}

function sentence({ kind, reason, code, status, type }) {
  if (kind === "db") return t(refuses(code) ? "state.db.refuses" : "state.db", { reason: explain(code, reason) });
  if (kind === "web" && reason !== "network") return t(reason === "offline" ? "state.offline" : "state.web.timeout");
  if (kind === "api" && status === 504) return t("state.api.timeout");
  if (kind === "api" && status !== 502) {
    return t("state.api.error", { status, detail: explainProblem(type, reason) });
  }
  return t(`state.${kind}`);
}

const letter = (number) => String.fromCharCode(65 + (number % 26));

function badge(number) {
  const mark = element("span", "badge", [letter(number)]);
  mark.dataset.colour = number % COLOURS;
  return mark;
}

const icon = (name) => {
  const svg = svgElement("svg", { "aria-hidden": "true" });
  svg.append(svgElement("use", { href: `#i-${name}` }));
  return svg;
};
