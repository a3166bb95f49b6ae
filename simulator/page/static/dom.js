// Small helpers to build elements, speak to screen readers and write French dates.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined).map(typeset));
  return node;
}

// French typography: what belongs together is never torn apart at the end of a line.
export function typeset(text) {
  if (typeof text !== "string") return text;
  return text.replace(/« /g, "«\u00a0").replace(/ »/g, "\u00a0»").replace(/ :/g, "\u00a0:").replace(/ ([;?!])/g, "\u202f$1")
    .replace(/(\d) (h|min|s|Ko|jours?)\b/g, "$1\u00a0$2").replace(/\b(h) (\d)/g, "$1\u00a0$2");
}

export function button(label, onclick, attributes = {}) {
  return el("button", { type: "button", onclick, ...attributes }, label);
}

export function say(text) {
  document.getElementById("spoken").textContent = text;
}

let zone = "Europe/Paris";
let formats = {};

export function useZone(name) {
  zone = name;
  formats = {};
}

function format(name, options) {
  formats[name] ??= new Intl.DateTimeFormat("fr-FR", { timeZone: zone, ...options });
  return formats[name];
}

export function hour(instant) {
  const parts = format("hour", { hour: "numeric", minute: "2-digit", hourCycle: "h23" }).formatToParts(instant);
  const part = (type) => parts.find((each) => each.type === type).value;
  return `${Number(part("hour"))}\u00a0h\u00a0${part("minute")}`;
}

export function day(instant) {
  return format("day", { weekday: "long", day: "numeric", month: "long" }).format(instant);
}

export function shortDay(instant) {
  return format("shortDay", { day: "2-digit", month: "2-digit" }).format(instant);
}

export function dayAndMonth(instant) {
  return format("dayAndMonth", { day: "numeric", month: "long" }).format(instant);
}

export function fullDay(instant) {
  const options = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
  return format("fullDay", options).format(instant);
}

// The calendar day of an instant in the zone, as a count of days.
export function dayNumber(instant) {
  const text = format("iso", { year: "numeric", month: "2-digit", day: "2-digit" })
    .formatToParts(instant);
  const part = (type) => Number(text.find((each) => each.type === type).value);
  return Date.UTC(part("year"), part("month") - 1, part("day")) / 86_400_000;
}

export function initials(name) {
  const words = name.replace(/^Dr\s+/, "").split(/\s+/).filter(Boolean);
  return ((words[0]?.[0] ?? "?") + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
}

const HUES = [204, 268, 332, 12, 30, 150, 178];

export function avatar(name, id) {
  const hue = HUES[Math.abs(Number(id)) % HUES.length];
  return el("span", { class: "avatar", style: `--hue:${hue}`, "aria-hidden": "true" }, initials(name));
}
