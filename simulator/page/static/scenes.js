// Behind the scenes: every call with its answer, the retries, the bot's health.
import { get } from "./api.js";
import { el, hour, shortDay } from "./dom.js";

const SHOWN = 150;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

export class Scenes {
  constructor(page) {
    this.page = page;
    this.health = el("section", { "aria-label": "Santé du bot" });
    this.summary = el("p", { class: "figures" });
    this.list = el("ol", { class: "calls", "aria-label": "Appels du bot", tabindex: "0" });
    this.root = el("div", { class: "panel-body" }, this.health, el("h3", {}, "Appels du bot"), this.summary, this.list);
    this.rows = new Map();
    this.last = 0;
  }

  load(world) {
    this.healthNow = world.health;
    this.pending = world.pending_updates;
    this.due = world.follower.next;
    this.followed = world.follower.followed;
    this.setAnchors();
    this.clear();
    this.dirty = true;
  }

  clear() {
    this.last = 0;
    this.failed = 0;
    this.texts = new Map();
    this.list.replaceChildren();
  }

  apply(event) {
    if (event.kind === "health") {
      this.healthNow = event.health;
      this.setAnchors();
    }
    if (["health", "call", "clock", "update"].includes(event.kind)) this.dirty = true;
  }

  setAnchors() {
    this.page.clock.setAnchors(this.healthNow?.anchors ?? []);
  }

  async draw() {
    this.dirty = false;
    if (this.asking) return;
    this.asking = true;
    const [state, calls] = await Promise.all([get("state"), get(`calls?since=${this.last}&newest=${SHOWN}&hide_polls=1`)]);
    this.asking = false;
    this.drawHealth(state);
    for (const call of calls) this.add(call);
    while (this.list.children.length > SHOWN) this.list.lastChild.remove();
    this.summary.textContent = `${state.calls} appels · ${this.failed} refusés ou perdus parmi les derniers`;
  }

  drawHealth(state) {
    const rows = [
      ["Le bot suit l’horloge", state.follower.followed ? "oui" : "non"],
      ["Mises à jour en attente", String(state.pending_updates)],
      ["Mises à jour perdues (plus de 24 h)", String(state.lost_updates)],
      ["Prochain événement", state.follower.next ? moment(state.follower.next) : "aucun"],
    ];
    const health = state.health ?? this.healthNow;
    const told = health ? flat(health) : [["/healthz", state.bot.able && !state.bot.running ? "le bot est arrêté" : "ne répond pas"]];
    this.health.replaceChildren(el("h3", {}, "Santé"), table(rows), el("h3", {}, "Ce que dit le bot (/healthz)"), table(told));
  }

  add(call) {
    this.last = Math.max(this.last, call.n);
    const bad = call.status !== 200;
    if (bad) this.failed += 1;
    const text = call.params.text ?? call.params.caption ?? "";
    const mark = `${call.method}|${call.params.chat_id}|${text}`;
    const again = bad ? false : this.texts.get(mark);
    this.texts.set(mark, bad);
    const status = call.status === 0 ? "coupé" : String(call.status);
    const reason = bad ? (call.answer?.description ?? "") : "";
    const summary = el("summary", {},
      el("time", {}, hour(new Date(call.at))), el("strong", {}, call.method),
      el("span", { class: bad ? "bad" : "good" }, status),
      again ? el("span", { class: "again" }, "repris") : null,
      el("span", { class: "gist" }, reason || text.replace(/<[^>]+>/g, "")));
    const body = el("pre", {}, JSON.stringify({ paramètres: call.params, réponse: call.answer }, null, 1));
    this.list.prepend(el("li", { class: bad ? "failed" : "" }, el("details", {}, summary, body)));
  }
}

function flat(value, prefix = "") {
  return Object.entries(value).filter(([name]) => name !== "anchors").flatMap(([name, each]) =>
    each !== null && typeof each === "object" && !Array.isArray(each)
      ? flat(each, `${prefix}${name} · `)
      : [[prefix + name, told(each)]]);
}

function told(value) {
  if (Array.isArray(value)) return value.length ? value.join(", ") : "rien";
  if (typeof value === "boolean") return value ? "oui" : "non";
  if (value === null) return "rien";
  return INSTANT.test(value) ? moment(value) : String(value);
}

function moment(iso) {
  const at = new Date(iso);
  return `${shortDay(at)}, ${hour(at)}`;
}

function table(rows) {
  return el("table", {}, el("tbody", {}, ...rows.map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)))));
}
