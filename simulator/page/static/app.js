// Puts the page together: loads the world, draws the phones, follows the changes.
import { follow, get, post } from "./api.js";
import { ClockBar } from "./clock.js";
import { el, useZone } from "./dom.js";
import { dialog, linkDialog } from "./menus.js";
import { Panels } from "./panels.js";
import { Phone } from "./phone.js";
import { Status } from "./status.js";
import { Store } from "./store.js";

const REMEMBERED = "relais-simulator-open";

class Page {
  constructor(world) {
    useZone(world.zone ?? "Europe/Paris");
    this.phones = new Map();
    this.queue = [];
    this.remembered = JSON.parse(sessionStorage.getItem(REMEMBERED) ?? "{}");
    this.clock = new ClockBar(document.getElementById("clock"), world.clock);
    this.status = new Status(document.getElementById("status"));
    this.panels = new Panels(this, world);
    this.start(world);
  }

  start(world) {
    this.store = new Store(world);
    this.phones.clear();
    document.getElementById("phones").replaceChildren();
    for (const person of this.store.people.values()) this.addPhone(person);
    this.clock.set(world.clock);
    this.panels.load(world);
    this.source?.close();
    this.source = follow(world.last, (event) => this.receive(event), (up) => this.link(up));
  }

  addPhone(person) {
    const left = this.remembered[person.id];
    // Nothing was left open yet: a list of empty chats says nothing of what one can do here.
    const open = left === undefined ? this.store.ownChat(person.id)?.id : left;
    const phone = new Phone(person, this);
    this.phones.set(person.id, phone);
    document.getElementById("phones").append(phone.root);
    if (open && this.store.shows(this.store.chats.get(open) ?? { members: [] }, person.id)) phone.openChat(open, false);
  }

  now() {
    return this.clock.now();
  }

  // Events come in bursts when the clock jumps: they are drawn together.
  receive(event) {
    this.queue.push(event);
    this.timer ??= setTimeout(() => this.drain(), 12);
  }

  drain() {
    this.timer = null;
    const events = this.queue;
    this.queue = [];
    for (const event of events) this.apply(event);
    for (const phone of this.phones.values()) phone.flush();
    this.panels.flush();
  }

  apply(event) {
    if (event.kind === "reload" || event.kind === "reset") return void this.reload();
    const known = event.message && this.store.messages.get(event.message.chat)?.has(event.message.id);
    const chatId = this.store.apply(event);
    if (event.kind === "person" && !this.phones.has(event.person.id)) this.addPhone(event.person);
    if (event.kind === "clock") this.clock.set(event);
    if (event.kind === "answer") this.phones.get(event.person)?.answered(event.tap, event.answer, this.panels.acting());
    if (chatId !== null) this.spread(event, chatId, event.kind === "message" && !known);
    this.panels.apply(event);
    this.status.apply(event);
    return undefined;
  }

  spread(event, chatId, isNew) {
    const chat = this.store.chats.get(chatId);
    if (!chat) return;
    for (const phone of this.phones.values()) {
      if (event.chat?.id) phone.chatChanged(chatId);
      else if (this.store.shows(chat, phone.person.id) || phone.open === chatId) phone.changed(chatId, event.message, isNew);
    }
  }

  async reload() {
    this.source?.close();
    this.start(await get("world"));
  }

  link(up) {
    document.body.classList.toggle("offline", !up);
    this.status.link(up);
  }

  remember(phone) {
    this.remembered[phone.person.id] = phone.open;
    sessionStorage.setItem(REMEMBERED, JSON.stringify(this.remembered));
  }

  isStart(url) {
    return new RegExp(`(^|/)t\\.me/${this.store.bot.username}\\?start=`, "i").test(url);
  }

  openLink(url, person) {
    linkDialog(url, person, [...this.store.people.values()], async (link, personId) => {
      const phone = this.phones.get(personId);
      phone.openChat(personId);
      await phone.attempt(post("start", { person: personId, link }));
    });
  }

  enlarge(src, caption) {
    dialog(caption || "Photo", el("img", { src, alt: caption || "Photo", class: "large" }));
  }
}

get("world").then((world) => { window.page = new Page(world); });
