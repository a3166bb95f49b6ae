// The side panel: storyboards, faults, behind the scenes; one at a time.
import { button, el } from "./dom.js";
import { Faults } from "./faults.js";
import { Scenes } from "./scenes.js";
import { Stories } from "./stories.js";

const TABS = [["stories", "Scénarios", Stories], ["faults", "Pannes", Faults], ["scenes", "Coulisses", Scenes]];

export class Panels {
  constructor(page, world) {
    this.page = page;
    this.root = document.getElementById("panel");
    this.open = null;
    this.tabs = TABS.map(([name, label, Panel]) => this.tab(name, label, new Panel(page)));
    document.getElementById("actions").replaceChildren(...this.tabs.map((each) => each.button));
    this.world = world;
  }

  tab(name, label, panel) {
    const toggle = button(label, () => this.toggle(name), { "aria-expanded": "false", "aria-controls": "panel" });
    return { name, label, panel, button: toggle };
  }

  load(world) {
    for (const { panel } of this.tabs) panel.load(world);
    const wanted = new URLSearchParams(location.search).get("scenario");
    if (wanted) this.askFor(wanted);
    else if (world.story && !this.open) this.toggle("stories", false);
  }

  // `/?scenario=calme` begins a storyboard by its link, once: a reload must only read again.
  async askFor(name) {
    history.replaceState(null, "", location.pathname);
    if (this.open !== "stories") this.toggle("stories", false);
    await this.tabs[0].panel.loaded;
    await this.tabs[0].panel.follow(name);
  }

  toggle(name, focus = true) {
    this.open = this.open === name ? null : name;
    for (const each of this.tabs) {
      const shown = each.name === this.open;
      each.button.setAttribute("aria-expanded", String(shown));
      each.panel.shown = shown;
      if (shown) this.show(each, focus);
    }
    this.root.hidden = this.open === null;
  }

  show({ label, panel, name }, focus) {
    const close = button("×", () => {
      this.toggle(name);
      this.tabs.find((each) => each.name === name).button.focus();
    }, { class: "icon", "aria-label": "Fermer le panneau" });
    const title = el("h2", { tabindex: "-1" }, label);
    this.root.setAttribute("aria-label", label);
    this.root.replaceChildren(el("div", { class: "panel-head" }, title, close), panel.root);
    panel.draw();
    if (focus) title.focus();
  }

  // Whether a storyboard is doing things by itself: its pop-ups are nobody's.
  acting() {
    return ["prologue", "playing"].includes(this.tabs[0].panel.story?.phase);
  }

  apply(event) {
    for (const { panel } of this.tabs) panel.apply(event);
  }

  flush() {
    for (const { panel } of this.tabs) if (panel.shown && panel.dirty) panel.draw();
  }
}
