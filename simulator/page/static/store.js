// What the page knows of the world, kept up to date by the stream of events.

export class Store {
  constructor(world) {
    this.load(world);
  }

  load(world) {
    this.bot = world.bot;
    this.people = new Map(world.people.map((person) => [person.id, person]));
    this.chats = new Map();
    this.messages = new Map();
    this.older = new Map();
    for (const chat of world.chats) this.addChat(chat);
  }

  addChat(chat) {
    this.chats.set(chat.id, chat);
    const messages = new Map((chat.messages ?? []).map((message) => [message.id, message]));
    if (!this.messages.has(chat.id) || chat.messages) this.messages.set(chat.id, messages);
    if (chat.messages) this.older.set(chat.id, chat.older);
    delete chat.messages;
  }

  // Applies one event; gives the chat that changed, if any.
  apply(event) {
    if (event.person?.id) this.people.set(event.person.id, event.person);
    if (event.chat?.id) {
      this.addChat(event.chat);
      return event.chat.id;
    }
    if (event.message?.id) {
      this.put(event.message);
      return event.message.chat;
    }
    return null;
  }

  put(message) {
    if (!this.messages.has(message.chat)) this.messages.set(message.chat, new Map());
    this.messages.get(message.chat).set(message.id, message);
  }

  prepend(chatId, messages, older) {
    const known = this.messages.get(chatId);
    this.messages.set(chatId, new Map([...messages.map((each) => [each.id, each]), ...known]));
    this.older.set(chatId, older);
  }

  // The messages of a chat; a supergroup begins with those of the group it was.
  history(chatId) {
    const before = this.chats.get(chatId)?.migrated_from;
    const own = [...(this.messages.get(chatId)?.values() ?? [])];
    return before ? [...(this.messages.get(before)?.values() ?? []), ...own] : own;
  }

  last(chatId) {
    const messages = [...(this.messages.get(chatId)?.values() ?? [])];
    return messages.findLast((message) => !message.deleted);
  }

  // The chats on someone's phone.
  chatsOf(personId) {
    return [...this.chats.values()].filter((chat) => this.shows(chat, personId));
  }

  // Where somebody works: the group of their team; who is in several of them, or in none, in private.
  ownChat(personId) {
    const chats = this.chatsOf(personId);
    const groups = chats.filter((chat) => chat.kind !== "private");
    return groups.length === 1 ? groups[0] : chats.find((chat) => chat.kind === "private");
  }

  shows(chat, personId) {
    if (chat.kind === "private") return chat.person === personId;
    return chat.migrated_to === null && chat.members.includes(personId);
  }
}
