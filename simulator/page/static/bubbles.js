// Draws one message as a bubble, as one person sees it.
import { button, el, hour } from "./dom.js";
import { icon } from "./icons.js";
import { drawText } from "./texts.js";

export function bubble(message, phone) {
  const own = message.from.id === phone.person.id;
  if (message.deleted) return gone(message, own);
  if (message.kind === "service") return service(message, phone);
  const node = el("li", { class: `message ${own ? "own" : "other"}`, "data-key": key(message) });
  const body = el("div", { class: "bubble" },
    author(message, own, phone), forwarded(message), quote(message), media(message, phone),
    words(message, phone), reactions(message), meta(message, own));
  const column = el("div", { class: "column" }, body, keyboard(message, phone));
  node.append(column, tools(message, own, phone));
  return node;
}

export function key(message) {
  return `${message.chat}:${message.id}`;
}

function gone(message, own) {
  const text = el("em", {}, "Message supprimé");
  const body = el("div", { class: "bubble deleted" }, text);
  return el("li", { class: `message ${own ? "own" : "other"}`, "data-key": key(message) }, body);
}

function author(message, own, phone) {
  if (own || phone.store.chats.get(message.chat)?.kind === "private") return null;
  return el("div", { class: `author ${message.from.is_bot ? "bot" : ""}` }, message.from.name);
}

function forwarded(message) {
  if (!message.forwarded) return null;
  const name = message.forwarded.sender_user?.first_name ?? "quelqu’un";
  return el("div", { class: "forwarded" }, `Transféré de ${name}`);
}

function quote(message) {
  const it = message.reply_to;
  if (!it) return null;
  const text = it.deleted ? "Message supprimé" : it.text || "Pièce jointe";
  return el("div", { class: "quote" }, el("strong", {}, it.from), el("span", {}, text));
}

function words(message, phone) {
  if (!message.text) return null;
  const node = el("div", { class: "words" });
  node.append(drawText(message.text, message.entities, phone.textActions));
  return node;
}

function media(message, phone) {
  const { media: it } = message;
  if (!it) return null;
  if (it.photo) return picture(it.photo.at(-1), message.text, phone);
  if (it.document) return file(it.document);
  if (it.sticker) return el("div", { class: "sticker", role: "img", "aria-label": "Autocollant" }, it.sticker.emoji);
  if (it.voice) return el("div", { class: "attached" }, icon("voice"), `Message vocal, ${it.voice.duration} s`);
  if (it.location) return el("div", { class: "attached" }, icon("location"), "Position");
  return el("div", { class: "attached" }, icon("contact"), `${it.contact.first_name}, ${it.contact.phone_number}`);
}

function picture(photo, caption, phone) {
  const src = `/control/files/${photo.file_id}`;
  const { width, height } = photo;
  const image = el("img", { src, alt: caption || "Photo", loading: "lazy", width, height });
  return el("button", { type: "button", class: "picture", "aria-label": "Agrandir la photo",
    onclick: () => phone.enlarge(src, caption) }, image);
}

function file(document) {
  const size = Math.max(1, Math.round((document.file_size ?? 0) / 1024));
  return el("a", { class: "attached file", href: `/control/files/${document.file_id}`, target: "_blank" },
    el("span", { class: "file-icon" }, icon("document")),
    el("span", {}, el("strong", {}, document.file_name ?? "Document"), el("small", {}, `${size} Ko`)));
}

function reactions(message) {
  if (!message.reactions.length) return null;
  return el("div", { class: "reactions", "aria-label": "Réactions" }, message.reactions.join(" "));
}

function meta(message, own) {
  const parts = [];
  if (message.silent) parts.push(icon("silent", "silencieux"));
  if (message.protected) parts.push(icon("protected", "protégé"));
  if (message.edited) parts.push("modifié");
  const at = new Date(message.date);
  parts.push(el("time", { datetime: message.date }, hour(at)), own ? el("span", { "aria-hidden": "true" }, "✓✓") : "");
  return el("div", { class: "meta" }, ...parts);
}

function keyboard(message, phone) {
  if (!message.keyboard.length) return null;
  const rows = message.keyboard.map((row) =>
    el("div", { class: "row" }, ...row.map((each) => inlineKey(each, message, phone))));
  return el("div", { class: "keyboard", role: "group", "aria-label": "Boutons du message" }, ...rows);
}

function inlineKey(it, message, phone) {
  if (it.url) {
    if (phone.textActions.isStart(it.url)) return button(`${it.text} ↗`, () => phone.textActions.openLink(it.url), { class: "key" });
    return el("a", { class: "key", href: it.url, target: "_blank", rel: "noreferrer" }, `${it.text} ↗`);
  }
  if (it.copy_text) return button(it.text, () => navigator.clipboard?.writeText(it.copy_text.text), { class: "key" });
  return button(it.text, (event) => phone.press(message, it, event.currentTarget), { class: "key" });
}

function tools(message, own, phone) {
  const reply = button("↩", () => phone.replyTo(message), { class: "tool", "aria-label": "Répondre à ce message", title: "Répondre" });
  const edit = own && message.kind === "text"
    ? button("✎", () => phone.editMessage(message), { class: "tool", "aria-label": "Modifier ce message", title: "Modifier" })
    : null;
  return el("div", { class: "tools" }, reply, edit);
}

function service(message, phone) {
  return el("li", { class: "service", "data-key": key(message) }, el("span", {}, serviceText(message, phone)));
}

export function serviceText(message, phone) {
  const it = message.service;
  const who = message.from.name;
  const names = (users) => users.map((user) => [user.first_name, user.last_name].filter(Boolean).join(" ")).join(", ");
  if (it.new_chat_members) return `${names(it.new_chat_members)} a rejoint le groupe`;
  if (it.left_chat_member) return `${names([it.left_chat_member])} a quitté le groupe`;
  if (it.group_chat_created) return `${who} a créé le groupe « ${phone.store.chats.get(message.chat)?.title} »`;
  if (it.migrate_to_chat_id) return "Le groupe devient un supergroupe";
  if (it.forum_topic_closed) return "Le sujet est fermé";
  if (it.forum_topic_reopened) return "Le sujet est rouvert";
  if (it.migrate_from_chat_id) return "Suite du groupe";
  if (it.pinned_message) return `${who} a épinglé un message`;
  return "Message de service";
}

export function snippet(message, phone) {
  if (!message) return "";
  if (message.kind === "service") return serviceText(message, phone);
  const labels = { photo: "Photo", document: "Document", sticker: "Autocollant", voice: "Message vocal", location: "Position", contact: "Contact" };
  const text = [labels[message.kind], message.text].filter(Boolean).join(" · ");
  return message.from.id === phone.person.id ? `Vous : ${text}` : text;
}
