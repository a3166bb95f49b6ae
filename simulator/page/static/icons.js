// The page's own icons: a machine without an emoji font shows them too.

const PATHS = {
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  silent: "M6 16h11M8 16v-5a4 4 0 0 1 6.5-3M16 12v4M11 19h2M4 4l16 16",
  protected: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  pin: "M9 4h6l-1 6 3 3H7l3-3zM12 13v7",
  photo: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4",
  document: "M7 3h7l4 4v14H7zM14 3v4h4",
  voice: "M12 4a2 2 0 0 1 2 2v6a2 2 0 0 1-4 0V6a2 2 0 0 1 2-2zM7 11a5 5 0 0 0 10 0M12 16v4",
  sticker: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM8.5 14a4 4 0 0 0 7 0M9 9.5v.5M15 9.5v.5",
  location: "M12 3a6 6 0 0 1 6 6c0 5-6 12-6 12S6 14 6 9a6 6 0 0 1 6-6zM12 8v2",
  contact: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM5 20a7 7 0 0 1 14 0",
};

const SVG = "http://www.w3.org/2000/svg";

// An icon; without a label it only decorates the words beside it.
export function icon(name, label = "") {
  const node = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  node.setAttribute("viewBox", "0 0 24 24");
  node.setAttribute("class", "glyph");
  if (label) {
    const title = document.createElementNS(SVG, "title");
    title.textContent = label;
    node.setAttribute("role", "img");
    node.setAttribute("aria-label", label);
    node.append(title);
  } else node.setAttribute("aria-hidden", "true");
  node.append(path);
  return node;
}
