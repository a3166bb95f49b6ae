// Storyboards: choose one, follow what happens, do what you must, read the debrief.
import { Refused, get, post } from "./api.js";
import { button, el, fullDay, hour, say } from "./dom.js";
import { confirmed, dialog } from "./menus.js";

const STATUS = { done: "✔ fait", helped: "↻ montré", skipped: "✘ passé", late: "✘ manqué", impossible: "∅ impossible", waiting: "à vous" };
const PHASES = { prologue: "Mise en place…", playing: "Le scénario avance…", task: "À vous de jouer", debrief: "Terminé", broken: "Interrompu" };

export class Stories {
  constructor(page) {
    this.page = page;
    this.root = el("div", { class: "panel-body" });
    this.story = null;
    this.list = [];
  }

  load(world) {
    this.loaded = this.read(world);
  }

  async read(world) {
    this.story = world.story;
    this.list = await get("stories");
    if (this.shown) this.draw();
  }

  apply(event) {
    if (event.kind !== "story") return;
    const before = this.story;
    this.story = event.story;
    this.dirty = true;
    this.point();
    if (this.story?.phase === "task" && before?.tasks.length !== this.story.tasks.length) this.announce();
    if (this.story?.phase === "debrief" && before?.phase !== "debrief") this.debrief();
  }

  announce() {
    const task = this.story.tasks.at(-1);
    say(`À vous, ${task.who} : ${task.text}`);
    document.querySelector(`[data-person="${task.person}"]`)?.scrollIntoView({ inline: "nearest", block: "nearest" });
  }

  // Shows whose turn it is on the phones themselves.
  point() {
    const task = this.story?.phase === "task" ? this.story.tasks.at(-1) : null;
    for (const phone of this.page.phones.values()) phone.root.classList.toggle("turn", phone.person.id === task?.person);
  }

  draw() {
    this.dirty = false;
    this.point();
    this.root.replaceChildren(...(this.story ? this.playing() : this.choices()));
  }

  choices() {
    const intro = el("p", {}, "Choisissez un scénario : le terrain repart de zéro, chacun des téléphones est déjà dans son équipe, et vous jouez une des personnes.");
    const trouble = this.refusal ? [el("p", { class: "trouble", role: "alert" }, this.refusal)] : [];
    return [...trouble, intro, ...this.list.map((each) => this.choice(each))];
  }

  choice(it) {
    if (it.broken) return el("section", { class: "card" }, el("h3", {}, it.title), el("p", { class: "trouble" }, it.broken));
    return el("section", { class: "card", "data-story": it.name },
      el("h3", {}, it.title), el("p", {}, it.summary),
      el("div", { class: "card-foot" }, el("small", {}, `${it.minutes} min`), button("Commencer", (event) => this.begin(it.name, event.currentTarget), { class: "primary", "aria-label": `Commencer « ${it.title} »` })));
  }

  async begin(name, target) {
    if (!await this.mayWipe(name)) return;
    target.disabled = true;
    target.textContent = "Préparation…";
    await this.ask(name);
  }

  // A link begins a story once: it may be the one that is being played, or wipe the ground.
  async follow(name) {
    if (this.story?.name === name) return;
    if (await this.mayWipe(name)) await this.ask(name);
  }

  async mayWipe(name) {
    const { written, story } = await get("state");
    const running = story && !["debrief", "broken"].includes(story.phase);
    if (!written && !running) return true;
    const title = this.list.find((each) => each.name === name)?.title;
    if (!title) return true;
    const lost = [running ? `le scénario en cours (« ${story.title} »)` : "",
      written ? `${count(written, "message écrit", "messages écrits")} et tout ce que le bot sait des patients` : ""].filter(Boolean).join(", ");
    return confirmed(`Commencer « ${title} » ?`, `Le terrain repart de zéro, pour tous ceux qui le regardent : ${lost} seront effacés.`, "Effacer et commencer");
  }

  async ask(name) {
    this.refusal = "";
    try {
      await post("story", { play: name });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.refusal = error.message;
      this.story = null;
      this.draw();
    }
  }

  playing() {
    const it = this.story;
    const head = el("div", { class: "story-head" }, el("h3", {}, it.title), el("span", { class: `phase ${it.phase}` }, PHASES[it.phase]));
    const progress = el("progress", { max: it.scenes, value: it.scene, "aria-label": "Avancement du scénario" });
    const note = it.note ? el("p", { class: "narration" }, it.note) : null;
    const trouble = it.trouble ? el("p", { class: "trouble", role: "alert" }, `Le scénario s’est interrompu (${it.trouble}).`) : null;
    const past = it.tasks.filter((task) => task.status !== "waiting");
    const now = it.phase === "task" ? this.task(it.tasks.at(-1)) : null;
    const onward = it.phase === "playing" ? button("Passer la scène", () => post("story", { skip: true })) : "";
    const foot = el("div", { class: "card-foot" }, onward, it.debrief ? button("Revoir le bilan", () => this.debrief(), { class: "primary" }) : "",
      button(it.phase === "debrief" || it.phase === "broken" ? "Choisir un autre scénario" : "Quitter le scénario", () => post("story", { stop: true })));
    return [head, progress, trouble, note, now, past.length ? el("ol", { class: "past" }, ...past.map(line)) : null, foot].filter(Boolean);
  }

  task(task) {
    const help = task.hint ? el("details", { class: "hint" }, el("summary", {}, "Un indice ?"), el("p", {}, task.hint)) : null;
    return el("section", { class: "todo", "aria-label": "Ce que vous devez faire" },
      el("strong", {}, `Vous êtes ${task.who}`), el("p", {}, task.text), help,
      el("div", { class: "card-foot" }, button("Montrez-moi", () => post("story", { help: true })), button("Passer", () => post("story", { skip: true }))));
  }

  debrief() {
    const it = this.story.debrief;
    const node = dialog(`Bilan : ${this.story.title}`, ...report(this.story, it));
    node.classList.add("debrief");
    node.querySelector(".close").before(button("Imprimer", () => window.print(), { class: "primary" }));
  }
}

function line(task) {
  return el("li", { class: task.status }, el("span", {}, task.text), el("small", {}, `${result(task)} · ${length(task.took_s)}`));
}

function result(task) {
  return STATUS[task.status] + (task.instead ? ", fait à votre place" : "");
}

function report(story, it) {
  const [began, ended] = [new Date(it.began), new Date(it.ended)];
  const asked = it.tasks.length - it.impossible.length;
  const parts = [el("p", {}, `Du ${fullDay(began)}, ${hour(began)}, au ${fullDay(ended)}, ${hour(ended)}.`)];
  if (it.tasks.length) parts.push(
    el("p", { class: "score" }, "Fait par vous-même : ", el("strong", {}, `${it.done} sur ${asked}`), "."),
    el("h3", {}, "Ce que vous avez fait"), el("table", { class: "report" },
      el("thead", {}, el("tr", {}, ...["Action", "Qui", "Résultat", "Temps du parcours", "Votre temps"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...it.tasks.map((task) => el("tr", {}, el("td", {}, task.text), el("td", {}, task.who), el("td", {}, result(task)), el("td", {}, length(task.took_s)), el("td", {}, length(task.took_real_s)))))),
    el("h3", {}, "Ce qui a été passé ou manqué"),
    it.missed.length ? el("ul", {}, ...it.missed.map((text) => el("li", {}, text))) : el("p", {}, "Rien."),
  );
  else parts.push(el("p", {}, "Tout a été fait pour vous : à vous de continuer."));
  if (it.impossible.length) parts.push(el("h3", {}, "Ce que personne ne pouvait faire"), el("ul", {}, ...it.impossible.map((text) => el("li", {}, text))));
  if (it.passed.length) parts.push(el("h3", {}, "Ce qui n’a pas eu lieu"), el("ul", {}, ...it.passed.map((text) => el("li", {}, text))));
  if (it.learn.length) parts.push(el("h3", {}, "À retenir"), el("ul", {}, ...it.learn.map((text) => el("li", {}, text))));
  const { sent, failed, faults, lost_updates: lost } = it.figures;
  parts.push(el("h3", {}, "En coulisses"), el("p", {}, `${count(sent, "message envoyé", "messages envoyés")}, ${count(failed, "tentative refusée", "tentatives refusées")}, ${count(faults, "appel touché par une panne", "appels touchés par une panne")} ; ${lost ? count(lost, "appui ou message perdu", "appuis ou messages perdus") : "rien n’a été perdu"}.`));
  return parts;
}

function count(number, one, several) {
  return `${number} ${number > 1 ? several : one}`;
}

function length(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ${String(Math.round((seconds % 3600) / 60)).padStart(2, "0")}`;
  return `${Math.round(seconds / 86_400)} jours`;
}
