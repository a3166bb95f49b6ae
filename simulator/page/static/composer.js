// Where one writes: text, reply or edit, command completion, attachments.
import { get, post } from "./api.js";
import { button, el } from "./dom.js";
import { icon } from "./icons.js";

const KINDS = [
  ["photo", "Photo"], ["document", "Document"], ["voice", "Message vocal"],
  ["sticker", "Autocollant"], ["location", "Position"], ["contact", "Contact"],
];

let made = 0;

export class Composer {
  constructor(phone) {
    this.phone = phone;
    this.id = `composer-${++made}`;
    this.context = null;
    this.options = [];
    this.active = -1;
    this.root = this.build();
  }

  build() {
    const name = this.phone.person.name;
    this.input = el("textarea", {
      rows: "1", placeholder: "Message", "aria-label": `Message de ${name}`, role: "combobox",
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${this.id}-list`,
      oninput: () => this.typed(), onkeydown: (event) => this.keyed(event),
    });
    this.list = el("ul", { class: "completion", id: `${this.id}-list`, role: "listbox", "aria-label": "Commandes", hidden: true });
    this.banner = el("div", { class: "composing", hidden: true });
    this.menuButton = button("/", () => this.toggleMenu(), { class: "icon", "aria-label": "Commandes du bot", title: "Commandes" });
    this.attachButton = button("+", () => this.toggleAttach(), { class: "icon", "aria-label": "Joindre", title: "Joindre", "aria-expanded": "false" });
    this.attach = el("div", { class: "attach", role: "group", "aria-label": "Pièces jointes", hidden: true },
      ...KINDS.map(([kind, label]) => el("button", { type: "button", onclick: () => this.sendKind(kind) }, icon(kind), ` ${label}`)));
    this.sendButton = button("➤", () => this.send(), { class: "icon send", "aria-label": "Envoyer", title: "Envoyer" });
    return el("div", { class: "composer" }, this.list, this.attach, this.banner,
      el("div", { class: "line" }, this.attachButton, this.menuButton, this.input, this.sendButton));
  }

  set(text) {
    this.input.value = text;
    this.typed();
    this.input.focus();
  }

  reply(message) {
    this.show({ kind: "reply", message }, `Réponse à ${message.from.name}`, message.text);
  }

  edit(message) {
    this.show({ kind: "edit", message }, "Modification", message.text);
    this.set(message.text);
  }

  show(context, title, text) {
    this.context = context;
    this.banner.hidden = false;
    this.banner.replaceChildren(
      el("span", {}, el("strong", {}, title), ` ${text.slice(0, 60)}`),
      button("×", () => this.clear(), { class: "icon", "aria-label": "Annuler" }));
    this.input.focus();
  }

  clear() {
    this.context = null;
    this.banner.hidden = true;
    this.input.value = "";
    this.typed();
  }

  async send() {
    const text = this.input.value.trim();
    if (!text) return;
    const { context } = this;
    this.clear();
    const where = this.phone.where();
    if (context?.kind === "edit") await this.phone.attempt(post("edit", { ...where, message: context.message.id, text }));
    else await this.phone.attempt(post("say", { ...where, text, reply_to: context?.message.id }));
    this.input.focus();
  }

  async sendKind(kind) {
    this.toggleAttach();
    await this.phone.attempt(post("send", { ...this.phone.where(), kind }));
  }

  toggleAttach() {
    this.attach.hidden = !this.attach.hidden;
    this.attachButton.setAttribute("aria-expanded", String(!this.attach.hidden));
    if (!this.attach.hidden) this.attach.firstChild.focus();
  }

  toggleMenu() {
    this.set(this.input.value === "/" ? "" : "/");
  }

  async typed() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 110)}px`;
    const text = this.input.value;
    if (!/^\/[a-z0-9_]*$/i.test(text)) return this.offer([]);
    const { person, chat } = this.phone.where();
    const menu = await get(`menu?person=${person}&chat=${chat}`);
    if (this.input.value === text) this.offer(menu.filter((each) => `/${each.command}`.startsWith(text.toLowerCase())));
    return undefined;
  }

  offer(commands) {
    this.options = commands;
    this.active = -1;
    this.list.replaceChildren(...commands.map((each, index) => this.option(each, index)));
    this.list.hidden = !commands.length;
    this.input.setAttribute("aria-expanded", String(commands.length > 0));
    this.input.removeAttribute("aria-activedescendant");
  }

  option(command, index) {
    return el("li", { role: "option", id: `${this.id}-${index}`, "aria-selected": "false", onclick: () => this.choose(index) },
      el("strong", {}, `/${command.command}`), el("span", {}, command.description));
  }

  choose(index) {
    const { command } = this.options[index];
    this.set(`/${command} `);
    this.offer([]);
  }

  move(step) {
    const count = this.options.length;
    this.active = (this.active + step + count + (this.active < 0 && step < 0 ? 1 : 0)) % count;
    [...this.list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === this.active)));
    this.list.children[this.active].scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", `${this.id}-${this.active}`);
  }

  keyed(event) {
    const offering = this.options.length > 0;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (offering && this.active >= 0) this.choose(this.active);
      else this.send();
    } else if (offering && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (offering && event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      this.choose(Math.max(this.active, 0));
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (offering) this.offer([]);
      else if (this.context) this.clear();
      else this.phone.showList();
    }
  }
}
