// The one line that says how all of it stands; the simulator knows, the page only asks again.
import { get } from "./api.js";
import { say, typeset } from "./dom.js";

const KINDS = ["bot", "health", "faults", "chat", "clock", "reset", "story"];
const PAUSE = 250;
const EVERY = 2000;
const LOST = { level: "bad", text: "La page a perdu le simulateur ; elle réessaie.", more: 0 };

export class Status {
  constructor(root) {
    this.root = root;
    this.up = true;
    setInterval(() => this.refresh(), EVERY);
    this.refresh();
  }

  apply(event) {
    if (KINDS.includes(event.kind)) this.timer ??= setTimeout(() => this.refresh(), PAUSE);
  }

  link(up) {
    this.up = up;
    if (up) this.refresh();
    else this.draw(LOST);
  }

  async refresh() {
    clearTimeout(this.timer);
    this.timer = null;
    const status = await get("status").catch(() => LOST);
    this.draw(this.up ? status : LOST);
  }

  draw({ level, text, more }) {
    const line = typeset(more ? `${text} (et ${more} autre${more > 1 ? "s" : ""})` : text);
    if (this.root.textContent === line) return;
    this.root.className = `status ${level}`;
    this.root.textContent = line;
    if (level === "bad") say(line);
  }
}
