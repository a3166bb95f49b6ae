// Draws a formatted text: entities lie in UTF-16 units, as JavaScript strings do.
import { el } from "./dom.js";

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote", spoiler: "span",
};

export function drawText(text, entities, actions) {
  const root = document.createDocumentFragment();
  fill(root, text, 0, text.length, [...entities], actions);
  return root;
}

function fill(node, text, from, to, entities, actions) {
  let at = from;
  while (entities.length) {
    const entity = entities.shift();
    const end = entity.offset + entity.length;
    if (entity.offset < at || end > to) continue;
    node.append(text.slice(at, entity.offset));
    const inner = [];
    while (entities.length && entities[0].offset < end) inner.push(entities.shift());
    node.append(draw(text, entity, inner, actions));
    at = end;
  }
  node.append(text.slice(at, to));
}

function draw(text, entity, inner, actions) {
  const end = entity.offset + entity.length;
  const part = text.slice(entity.offset, end);
  const node = shell(entity, part, actions);
  fill(node, text, entity.offset, end, inner, actions);
  return node;
}

function shell(entity, part, actions) {
  if (entity.type === "bot_command") {
    return el("button", { type: "button", class: "inline-link", onclick: () => actions.command(part) });
  }
  const url = entity.type === "text_link" ? entity.url : entity.type === "url" ? part : null;
  if (url && actions.isStart(url)) {
    return el("button", { type: "button", class: "inline-link", onclick: () => actions.openLink(url) });
  }
  if (url) return el("a", { href: absolute(url), target: "_blank", rel: "noreferrer" });
  const spoiler = entity.type === "spoiler" ? { class: "spoiler", tabindex: "0" } : {};
  return el(TAGS[entity.type] ?? "span", spoiler);
}

function absolute(url) {
  return /^[a-z]+:/.test(url) ? url : `https://${url}`;
}
