// Small helpers to build elements, speak to screen readers and write French dates.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
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
  return format("hour", { hour: "2-digit", minute: "2-digit" }).format(instant).replace(":", " h ");
}

export function day(instant) {
  return format("day", { weekday: "long", day: "numeric", month: "long" }).format(instant);
}

export function shortDay(instant) {
  return format("shortDay", { day: "2-digit", month: "2-digit" }).format(instant);
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
