// The menu of a chat: what one may do to the bot or the group, and dialogs of the page.
import { post } from "./api.js";
import { button, el } from "./dom.js";

export function chatMenu(chat, phone) {
  const items = chat.kind === "private" ? ofPrivate(chat, phone) : ofGroup(chat, phone);
  const body = el("div", { class: "menu-items" }, ...items.map(([label, act]) =>
    button(label, (event) => {
      event.currentTarget.closest("details").open = false;
      phone.attempt(act());
    })));
  const summary = el("summary", { "aria-label": "Plus d’actions", title: "Plus d’actions" }, "⋮");
  return el("details", { class: "menu" }, summary, body);
}

function ofPrivate(chat, phone) {
  const who = { person: phone.person.id };
  if (chat.bot === "kicked") return [["Débloquer le bot", () => post("unblock", who)]];
  return [["Bloquer le bot", () => post("block", who)]];
}

function ofGroup(chat, phone) {
  const where = { chat: chat.id, bot: true };
  const inside = ["member", "administrator"].includes(chat.bot);
  const items = [];
  if (!inside) items.push(["Ajouter le bot", () => post("groups/add", where)]);
  else items.push(["Retirer le bot", () => post("groups/remove", where)]);
  if (inside && chat.bot === "member") items.push(["Nommer le bot administrateur", () => post("groups/promote", where)]);
  if (chat.kind === "group") items.push(["En faire un supergroupe", () => post("groups/migrate", { chat: chat.id })]);
  items.push(["Quitter le groupe", () => post("groups/remove", { chat: chat.id, person: phone.person.id })]);
  return items;
}

export function dialog(title, ...content) {
  const close = button("Fermer", () => node.close(), { class: "close" });
  const node = el("dialog", { class: "dialog", "aria-label": title }, el("h2", {}, title), ...content, close);
  node.addEventListener("close", () => node.remove());
  document.body.append(node);
  node.showModal();
  return node;
}

// Asks before something that cannot be undone; gives whether to go on.
export function confirmed(title, question, label) {
  return new Promise((resolve) => {
    const go = button(label, () => node.close("go"), { class: "danger" });
    const node = dialog(title, el("p", {}, question), go);
    const cancel = node.querySelector(".close");
    cancel.textContent = "Annuler";
    cancel.focus();  // Enter must not wipe
    node.addEventListener("close", () => resolve(node.returnValue === "go"));
  });
}

// Asks on whose phone a t.me link is opened.
export function linkDialog(url, person, people, onopen) {
  const link = el("input", { type: "text", value: url, placeholder: "https://t.me/…?start=…" });
  const choices = people.map((each) => el("option", { value: each.id, selected: each.id === person.id }, each.name));
  const select = el("select", {}, ...choices);
  const go = button("Ouvrir le lien", () => {
    node.close();
    onopen(link.value, Number(select.value));
  }, { class: "primary" });
  const node = dialog("Ouvrir un lien", el("label", {}, "Lien", link), el("label", {}, "Sur le téléphone de", select), go);
}
