// Speaks to the control API.

export class Refused extends Error {}

async function read(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(body.error ?? `erreur ${response.status}`);
  return body;
}

export async function get(path) {
  return read(await fetch(`/control/${path}`));
}

export async function post(path, body = {}) {
  return read(await fetch(`/control/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  }));
}


// Follows the changes after `since`; the browser reconnects by itself.
export function follow(since, onevent, onlink) {
  const source = new EventSource(`/control/events?since=${since}`);
  source.onmessage = (message) => onevent(JSON.parse(message.data));
  source.onopen = () => onlink(true);
  source.onerror = () => onlink(false);
  return source;
}
