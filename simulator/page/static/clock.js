// The clock bar: date, hour, J±n of each anchor, speed, jumps.
import { Refused, post } from "./api.js";
import { button, dayNumber, el, fullDay, hour, say } from "./dom.js";

const SPEEDS = [[0, "❚❚", "Pause"], [1, "1×", "Temps réel"], [60, "60×", "Une minute par seconde"], [3600, "1 h/s", "Une heure par seconde"]];
const JUMPS = [["+1 h", { advance_s: 3600 }, "Avancer d’une heure"], ["+1 jour", { advance_s: 86_400 }, "Avancer d’un jour"], ["Prochain événement", { next: true }, "Aller au prochain événement"]];

export class ClockBar {
  constructor(root, state) {
    this.root = root;
    this.anchors = [];
    this.build();
    this.set(state);
    setInterval(() => this.draw(), 500);
  }

  build() {
    this.face = el("time", { class: "face" });
    this.date = el("span", { class: "date" });
    this.days = el("ul", { class: "days", "aria-label": "Jour de chaque patient" });
    this.note = el("span", { class: "note", role: "status" });
    this.speeds = SPEEDS.map(([speed, label, title]) =>
      button(label, () => this.ask({ speed }), { class: "speed", title, "aria-label": title, "data-speed": speed, "aria-pressed": "false" }));
    this.jumps = JUMPS.map(([label, body, title]) => button(label, () => this.jump(body), { class: "jump", title }));
    this.root.replaceChildren(
      el("div", { class: "when" }, this.face, this.date),
      el("div", { class: "group", role: "group", "aria-label": "Vitesse" }, ...this.speeds),
      el("div", { class: "group", role: "group", "aria-label": "Avancer" }, ...this.jumps),
      this.days, this.note);
  }

  set(state) {
    if (state.now) {
      this.instant = Date.parse(state.now);
      this.rate = state.rate;
      this.mark = performance.now();
    }
    if (state.speed !== undefined) this.speed = state.speed;
    this.draw();
  }

  now() {
    const gone = this.rate ? performance.now() - this.mark : 0;
    return new Date(this.instant + gone);
  }

  draw() {
    const now = this.now();
    const [face, date] = [hour(now), fullDay(now)];
    if (this.face.textContent !== face) this.face.textContent = face;
    if (this.date.textContent !== date) this.date.textContent = date;
    for (const each of this.speeds) each.setAttribute("aria-pressed", String(Number(each.dataset.speed) === this.speed));
    this.drawDays(now);
  }

  drawDays(now) {
    const today = dayNumber(now);
    const text = this.anchors.map(({ label, day0 }) => `${label} ${dayLabel(today, day0)}`);
    if (text.join() === this.drawn) return;
    this.drawn = text.join();
    this.days.replaceChildren(...this.anchors.map(({ label, day0 }) =>
      el("li", {}, el("span", {}, label), el("strong", {}, dayLabel(today, day0)))));
  }

  setAnchors(anchors) {
    this.anchors = anchors;
    this.draw();
  }

  async jump(body) {
    for (const each of this.jumps) each.disabled = true;
    this.note.textContent = "L’horloge avance…";
    await this.ask(body);
    for (const each of this.jumps) each.disabled = false;
  }

  async ask(body) {
    try {
      const state = await post("clock", body);
      this.set(state);
      this.note.textContent = "";
      say(`Il est ${hour(this.now())}, ${fullDay(this.now())}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.note.textContent = error.message === "nothing is due" ? "Rien n’est prévu." : `L’horloge s’est arrêtée : ${error.message}`;
    }
  }
}

function dayLabel(today, day0) {
  const [year, month, date] = day0.split("-").map(Number);
  const gap = today - Date.UTC(year, month - 1, date) / 86_400_000;
  if (gap === 0) return "J0";
  return gap > 0 ? `J+${gap}` : `J−${-gap}`;
}
