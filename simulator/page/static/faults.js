// Faults by button: the network, one phone, one group, the bot itself.
import { Refused, get, post } from "./api.js";
import { button, el } from "./dom.js";

const NETWORK = [
  ["Telegram en panne", "Tout appel répond 502, pendant deux heures de l’horloge.", { kind: "502", for_s: 7200 }],
  ["Telegram lent", "Chaque appel prend deux secondes de plus.", { kind: "delay", delay_s: 2 }],
  ["Trop de messages", "Les dix prochains envois répondent 429, à refaire après 5 s.", { kind: "429", method: "sendMessage", count: 10, retry_after: 5 }],
  ["Réponse perdue", "Le prochain message part, mais sa réponse se perd.", { kind: "cut_after", method: "sendMessage", count: 1 }],
  ["Connexion coupée", "Le prochain message ne part pas : la connexion est coupée avant.", { kind: "cut_before", method: "sendMessage", count: 1 }],
  ["Second bot", "Pendant une minute de l’horloge, un autre bot lit les messages (409).", { kind: "409", for_s: 60 }],
  ["Réponse absurde", "Les trois prochaines lectures de messages ne veulent rien dire.", { kind: "odd", shape: "empty", count: 3 }],
  ["Réseau capricieux", "Un appel sur cinq échoue.", { kind: "500", probability: 0.2, seed: 1 }],
];

const LABELS = { 409: "409, second bot", 429: "429, trop de messages", 500: "500, erreur interne", 502: "502, panne", cut_before: "connexion coupée", cut_after: "réponse perdue", delay: "lenteur", odd: "réponse absurde" };

export class Faults {
  constructor(page) {
    this.page = page;
    this.root = el("div", { class: "panel-body" });
    this.state = { faults: [], floods: false, bot: { able: false, running: false } };
  }

  load(world) {
    this.state = { faults: world.faults, floods: world.floods, bot: world.bot_process };
    this.dirty = true;
  }

  apply(event) {
    if (event.kind === "bot") this.state.bot = event;
    if (event.kind === "bot" || event.kind === "chat" || event.kind === "person") this.dirty = true;
    if (event.kind === "faults" || (event.kind === "clock" && this.state.faults.length)) this.refresh();
  }

  async refresh() {
    if (this.asking) return;
    this.asking = true;
    const state = await get("state");
    this.asking = false;
    Object.assign(this.state, { faults: state.faults, floods: state.floods, bot: state.bot });
    if (this.shown) this.draw();
  }

  draw() {
    this.dirty = false;
    const focused = document.activeElement?.dataset?.fault;
    this.root.replaceChildren(this.active(), this.network(), this.bot(), this.phones(), this.groups());
    if (focused) this.root.querySelector(`[data-fault="${focused}"]`)?.focus();
  }

  active() {
    const { faults } = this.state;
    if (!faults.length && !this.state.floods) return el("p", { class: "calm" }, "Provoquez une panne : rien ne doit se perdre.");
    const items = faults.map((each) => el("li", {},
      el("span", {}, LABELS[each.kind] ?? each.kind, each.method ? ` · ${each.method}` : "",
        el("small", {}, ` · ${each.hits} appel${each.hits > 1 ? "s" : ""} touché${each.hits > 1 ? "s" : ""}`)),
      button("Lever", () => this.act(post("faults/clear", { id: each.id })), { "data-fault": `clear-${each.id}` })));
    const all = button("Tout rétablir", () => this.act(Promise.all([post("faults/clear"), post("floods", { on: false })])), { class: "primary", "data-fault": "all" });
    return el("section", { class: "alert-box", "aria-label": "Pannes en cours" }, el("ul", { class: "plain" }, ...items), all);
  }

  network() {
    const rows = NETWORK.map(([label, help, order], index) => this.row(label, help, () => post("faults", order), `net-${index}`));
    rows.push(this.row(this.state.floods ? "Lever les limites d’envoi" : "Limites d’envoi de Telegram",
      "30 messages par seconde en tout, 1 par seconde et par discussion, 20 par minute et par groupe.",
      () => post("floods", { on: !this.state.floods }), "floods"));
    return this.section("Le réseau", rows);
  }

  bot() {
    const { able, running } = this.state.bot;
    if (!able) return this.section("Le bot", [el("p", {}, "Le simulateur n’a pas lancé le bot : il ne peut ni l’arrêter ni le relancer.")]);
    const rows = [
      this.row("Tuer le bot", "Comme une coupure de courant.", () => post("bot", { do: "kill" }), "kill", !running),
      this.row("Relancer le bot", "Il reprend où il était.", () => post("bot", { do: "start" }), "start", running),
    ];
    return this.section("Le bot", rows);
  }

  phones() {
    const { store } = this.page;
    const rows = [...store.people.values()].filter((each) => store.chats.get(each.id)?.bot !== "left").map((each) => {
      const blocked = store.chats.get(each.id).bot === "kicked";
      return this.row(blocked ? `${each.name} débloque le bot` : `${each.name} bloque le bot`, "", () => post(blocked ? "unblock" : "block", { person: each.id }), `p${each.id}`);
    });
    return this.section("Un téléphone", rows.length ? rows : [el("p", {}, "Personne n’a encore ouvert le bot.")]);
  }

  groups() {
    const { store } = this.page;
    const rows = [...store.chats.values()].filter((each) => each.kind === "group" && each.migrated_to === null)
      .map((each) => this.row(`« ${each.title} » devient un supergroupe`, "", () => post("groups/migrate", { chat: each.id }), `g${each.id}`));
    rows.push(...[...store.chats.values()].filter((each) => each.kind === "supergroup").map((each) => {
      const closed = each.topic_closed;
      return this.row(`${closed ? "Rouvrir" : "Fermer"} le sujet de « ${each.title} »`, "", () => post("groups/topic", { chat: each.id, closed: !closed }), `t${each.id}`);
    }));
    return this.section("Un groupe", rows.length ? rows : [el("p", {}, "Aucun groupe ne peut changer.")]);
  }

  section(title, rows) {
    return el("section", {}, el("h3", {}, title), ...rows);
  }

  row(label, help, order, name, disabled = false) {
    const act = button(label, () => this.act(order()), { disabled, "data-fault": name });
    return el("div", { class: "fault" }, act, help ? el("small", {}, help) : null);
  }

  async act(promise) {
    try {
      await promise;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.root.prepend(el("p", { class: "trouble", role: "alert" }, error.message));
      return;
    }
    await this.refresh();
  }
}
