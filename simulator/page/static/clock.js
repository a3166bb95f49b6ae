// The clock bar: date, hour, J±n of each anchor, speed, jumps.
import { Refused, post } from "./api.js";
import { button, dayAndMonth, dayNumber, el, fullDay, hour, say, typeset } from "./dom.js";

const SPEEDS = [[0, "❚❚", "Pause"], [1, "1×", "Temps réel"], [60, "60×", "Une minute par seconde"], [3600, "1 h/s", "Une heure par seconde"]];
const JUMPS = [["+1 h", { advance_s: 3600 }, "Avancer d’une heure"], ["+1 jour", { advance_s: 86_400 }, "Avancer d’un jour"], ["+30 jours", { advance_s: 2_592_000 }, "Avancer de trente jours"], ["Prochain événement", { next: true }, "Aller au prochain événement"]];

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
      this.buildForward(), this.days, this.note);
  }

  // How far a long jump is, and the button that stops it.
  buildForward() {
    this.reached = el("span", {});
    this.progress = el("progress", { max: "1", value: "0", "aria-label": "Avancée de l’horloge" });
    const stop = button("Arrêter", () => this.ask({ stop: true }), { class: "primary", title: "Laisser l’horloge où elle est" });
    this.forward = el("div", { class: "forward", role: "group", "aria-label": "L’horloge avance", hidden: true }, this.reached, this.progress, stop);
    return this.forward;
  }

  set(state) {
    if (state.now) {
      this.instant = Date.parse(state.now);
      this.rate = state.rate;
      this.mark = performance.now();
    }
    if (state.speed !== undefined) this.speed = state.speed;
    if (state.goal !== undefined) this.drawForward(state);
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

  drawForward({ goal, now, trouble }) {
    const ended = this.goal && !goal;
    this.goal = goal;
    this.forward.hidden = !goal;
    if (goal) {
      const [began, end] = goal.map(Date.parse);
      this.progress.value = end > began ? (Date.parse(now) - began) / (end - began) : 1;
      this.reached.textContent = typeset(`${dayAndMonth(new Date(now))}, jusqu’au ${dayAndMonth(new Date(end))}`);
    }
    if (ended && !trouble) say(typeset(`Il est ${hour(this.now())}, ${fullDay(this.now())}`));
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

  // A jump goes on behind the page: the stream tells how far it is.
  jump(body) {
    return this.ask({ ...body, background: true });
  }

  async ask(body) {
    this.note.textContent = "";
    try {
      this.set(await post("clock", body));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.note.textContent = typeset(error.message);
    }
  }
}

function dayLabel(today, day0) {
  const [year, month, date] = day0.split("-").map(Number);
  const gap = today - Date.UTC(year, month - 1, date) / 86_400_000;
  if (gap === 0) return "J0";
  return gap > 0 ? `J+${gap}` : `J−${-gap}`;
}
