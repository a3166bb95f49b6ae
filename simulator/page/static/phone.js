// One phone: its chats, the open chat, its pop-ups.
import { Refused, get, post } from "./api.js";
import { bubble, key, snippet } from "./bubbles.js";
import { Composer } from "./composer.js";
import { avatar, button, day, dayNumber, el, hour, say, shortDay } from "./dom.js";
import { icon } from "./icons.js";
import { chatMenu } from "./menus.js";

const SHOWN = 60;

export class Phone {
  constructor(person, page) {
    this.person = person;
    this.page = page;
    this.store = page.store;
    this.open = null;
    this.unread = new Map();
    this.waiting = new Map();
    this.early = new Map();
    this.textActions = {
      command: (text) => this.attempt(post("say", { ...this.where(), text })),
      isStart: (url) => page.isStart(url),
      openLink: (url) => page.openLink(url, this.person),
    };
    this.root = this.build();
    this.showList(false);
  }

  build() {
    this.heading = el("div", { class: "phone-head" });
    this.body = el("div", { class: "phone-body" });
    this.toast = el("div", { class: "toast", role: "status" });
    const name = el("h2", { class: "owner" }, avatar(this.person.name, this.person.id), el("span", {}, this.person.name),
      this.person.role ? el("small", {}, this.person.role) : null);
    this.badge = el("span", { class: "badge owner-badge" });
    name.append(this.badge);
    const screen = el("div", { class: "screen" }, this.heading, this.body, this.toast);
    return el("section", { class: "phone", "aria-label": `Téléphone de ${this.person.name}`, "data-person": this.person.id, "data-slug": this.person.slug }, name, screen);
  }

  where() {
    return { person: this.person.id, chat: this.open };
  }

  async attempt(promise) {
    try {
      return await promise;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.popUp({ text: error.message });
      return null;
    }
  }

  // The list of chats

  showList(focus = true) {
    const left = this.open;
    this.open = null;
    this.page.remember(this);
    this.heading.replaceChildren(el("span", { class: "title" }, "Discussions"),
      button(icon("link"), () => this.page.openLink("", this.person), { class: "icon", "aria-label": "Ouvrir un lien d’invitation", title: "Ouvrir un lien" }));
    this.list = el("ul", { class: "chats" });
    this.body.replaceChildren(this.list);
    this.drawList();
    if (focus && left !== null) this.list.querySelector(`[data-chat="${left}"] button`)?.focus();
  }

  drawList() {
    const chats = this.store.chatsOf(this.person.id);
    const at = (chat) => this.store.last(chat.id)?.date ?? "";
    chats.sort((one, other) => at(other).localeCompare(at(one)));
    this.list.replaceChildren(...chats.map((chat) => this.row(chat)));
  }

  row(chat) {
    const last = this.store.last(chat.id);
    const count = this.unread.get(chat.id) ?? 0;
    const badge = count ? el("span", { class: "badge", "aria-label": `${count} non lus` }, String(count)) : null;
    const line = el("button", { type: "button", class: "chat-row", onclick: () => this.openChat(chat.id) },
      avatar(chat.title, chat.id),
      el("span", { class: "chat-text" }, el("strong", {}, chat.title), el("span", { class: "snippet" }, snippet(last, this) || "Aucun message")),
      el("span", { class: "chat-side" }, el("time", {}, last ? this.when(new Date(last.date)) : ""), badge));
    return el("li", { "data-chat": chat.id, "data-slug": chat.slug || chat.kind }, line);
  }

  when(instant) {
    return dayNumber(instant) === dayNumber(this.page.now()) ? hour(instant) : shortDay(instant);
  }

  // One chat

  openChat(chatId, focus = true) {
    this.open = chatId;
    this.setUnread(chatId, 0);
    this.page.remember(this);
    this.composer = new Composer(this);
    this.lines = el("ol", { class: "lines" });
    this.log = el("div", { class: "log", role: "log", "aria-label": "Messages", "aria-live": "off", tabindex: "0" }, this.lines);
    this.pin = el("div", { class: "pinned", hidden: true });
    this.foot = el("div", { class: "foot" });
    this.follows = true;
    this.log.addEventListener("scroll", () => { this.follows = this.atBottom(); }, { passive: true });
    new ResizeObserver(() => { if (this.follows) this.bottom(); }).observe(this.log);
    this.body.replaceChildren(this.pin, this.log, this.foot);
    this.drawHead();
    this.drawLog();
    if (focus) (this.foot.querySelector("textarea") ?? this.foot.querySelector("button"))?.focus();
  }

  drawHead() {
    const chat = this.store.chats.get(this.open);
    const members = chat.kind === "private" ? "bot" : `${chat.members.length + (["member", "administrator"].includes(chat.bot) ? 1 : 0)} membres`;
    this.heading.replaceChildren(
      button("‹", () => this.showList(), { class: "icon back", "aria-label": "Retour aux discussions" }),
      avatar(chat.title, chat.id),
      el("span", { class: "title" }, chat.title, el("small", {}, members)),
      chatMenu(chat, this));
    this.drawPin(chat);
    this.drawFoot(chat);
  }

  drawPin(chat) {
    const pinned = this.store.messages.get(chat.id)?.get(chat.pinned.at(-1));
    this.pin.hidden = !pinned;
    if (pinned) this.pin.replaceChildren(el("button", { type: "button", class: "pin-text", onclick: () => this.reveal(pinned) }, icon("pin"), ` ${pinned.text || "Pièce jointe"}`));
  }

  drawFoot(chat) {
    if (chat.kind === "private" && chat.bot === "left") {
      this.foot.replaceChildren(button("Démarrer", () => this.attempt(post("start", { person: this.person.id })), { class: "wide" }));
    } else if (chat.kind === "private" && chat.bot === "kicked") {
      this.foot.replaceChildren(button("Débloquer le bot", () => this.attempt(post("unblock", { person: this.person.id })), { class: "wide" }));
    } else if (this.foot.firstChild !== this.composer.root) {
      this.foot.replaceChildren(this.composer.root);
    }
  }

  drawLog() {
    const all = this.store.history(this.open);
    const messages = all.slice(-SHOWN);
    const older = all.length > SHOWN || (this.store.older.get(this.open) ?? 0) > 0;
    this.lastDay = null;
    this.lines.replaceChildren();
    if (older) this.lines.append(el("li", { class: "service" }, button("Messages plus anciens", () => this.showOlder(), { class: "older" })));
    for (const message of messages) this.append(message);
    this.bottom();
  }

  async showOlder() {
    const oldest = this.store.messages.get(this.open).keys().next().value;
    const { messages } = await get(`chats/${this.open}?before=${oldest}&newest=200`);
    const left = messages.length ? messages[0].id - 1 : 0;
    this.store.prepend(this.open, messages, left);
    const height = this.log.scrollHeight;
    this.lastDay = null;
    this.lines.replaceChildren();
    if (left > 0) this.lines.append(el("li", { class: "service" }, button("Messages plus anciens", () => this.showOlder(), { class: "older" })));
    for (const message of this.store.history(this.open)) this.append(message);
    this.log.scrollTop = this.log.scrollHeight - height;
    this.log.focus();
  }

  append(message) {
    const at = new Date(message.date);
    const number = dayNumber(at);
    if (number !== this.lastDay) {
      this.lines.append(el("li", { class: "service day" }, el("span", {}, day(at))));
      this.lastDay = number;
    }
    this.lines.append(bubble(message, this));
  }

  // Pictures get their height later: once more when the page has been laid out.
  bottom() {
    const { log } = this;
    log.scrollTop = log.scrollHeight;
    requestAnimationFrame(() => { log.scrollTop = log.scrollHeight; });
  }

  atBottom() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 120;
  }

  reveal(message) {
    const node = this.log.querySelector(`[data-key="${key(message)}"]`);
    node?.scrollIntoView({ block: "center" });
    node?.classList.add("shown");
  }

  // Changes

  changed(chatId, message, isNew) {
    if (isNew && message.from.id !== this.person.id && message.kind !== "service" && this.open !== chatId) {
      this.setUnread(chatId, (this.unread.get(chatId) ?? 0) + 1);
    }
    if (this.open === chatId && message) this.redraw(message, isNew);
    if (this.open === null) this.stale = true;
  }

  setUnread(chatId, count) {
    this.unread.set(chatId, count);
    const all = [...this.unread.values()].reduce((sum, each) => sum + each, 0);
    this.badge.textContent = all ? String(all) : "";
    this.badge.setAttribute("aria-label", all ? `${all} messages non lus` : "");
  }

  chatChanged(chatId) {
    const chat = this.store.chats.get(chatId);
    const mine = this.store.shows(chat, this.person.id);
    if (this.open === chatId && mine) this.drawHead();
    else if (this.open === chatId) this.store.chats.get(chat.migrated_to) ? this.openChat(chat.migrated_to, false) : this.showList(false);
    else this.stale = true;
  }

  redraw(message, isNew) {
    const follow = isNew && this.atBottom();
    const old = this.log.querySelector(`[data-key="${key(message)}"]`);
    if (old) old.replaceWith(bubble(message, this));
    else if (isNew) {
      this.append(message);
      // A chat that runs for weeks keeps only its newest bubbles in the page.
      while (follow && this.lines.children.length > SHOWN * 2) this.lines.firstChild.remove();
    }
    if (follow) this.bottom();
    if (isNew && this.root.contains(document.activeElement) && message.from.id !== this.person.id) say(`${message.from.name} : ${message.text}`);
  }

  flush() {
    if (this.stale && this.open === null) this.drawList();
    this.stale = false;
  }

  // Actions

  async press(message, key, target) {
    target.classList.add("busy");
    target.setAttribute("aria-busy", "true");
    const done = () => { target.classList.remove("busy"); target.removeAttribute("aria-busy"); };
    const tap = await this.attempt(post("press", { person: this.person.id, chat: message.chat, message: message.id, data: key.callback_data, stale: true }));
    if (tap && !this.early.has(tap.id)) this.waiting.set(tap.id, done);
    else done();
    if (tap && this.early.has(tap.id)) this.popUp(this.early.get(tap.id));
    setTimeout(done, 10_000);
  }

  // The answer may come before the page has learnt the number of its own tap.
  answered(tap, answer, quiet) {
    const mine = this.waiting.get(tap);
    mine?.();
    this.waiting.delete(tap);
    if (!mine) this.early.set(tap, answer);
    if (mine || !quiet) this.popUp(answer);
  }

  popUp({ text, alert = false }) {
    if (!text) return;
    clearTimeout(this.fading);
    const close = alert ? button("OK", () => this.hidePopUp(), { class: "ok" }) : null;
    this.toast.className = `toast shown ${alert ? "alert" : ""}`;
    this.toast.replaceChildren(...[el("span", {}, text), close].filter(Boolean));
    if (alert && this.root.contains(document.activeElement)) close.focus();
    if (!alert) this.fading = setTimeout(() => this.hidePopUp(), 4000);
  }

  hidePopUp() {
    this.toast.className = "toast";
    this.toast.replaceChildren();
  }

  replyTo(message) {
    this.composer.reply(message);
  }

  editMessage(message) {
    this.composer.edit(message);
  }

  enlarge(src, caption) {
    this.page.enlarge(src, caption);
  }
}
