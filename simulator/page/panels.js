// The side panel: storyboards, faults, behind the scenes.
import { button } from "./dom.js";

export class Panels {
  constructor(page, world) {
    this.page = page;
    this.root = document.getElementById("panel");
    this.current = null;
    this.tabs = [];
    this.buttons = new Map();
    this.load(world);
  }

  load(world) {
    this.world = world;
  }

  apply() {}

  flush() {}
}
