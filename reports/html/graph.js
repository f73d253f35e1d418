// The graph: draws what the layout places, opens and closes modules, zooms, marks the path to a root cause.

const SVG = "http://www.w3.org/2000/svg";
const FIRST_BOXES = 70; // that are seen at first
const MOST_BOXES = 1500; // that are seen at most
const LETTERS = 21; // of a name in a box
const ZOOM = { least: 0.05, most: 3, step: 1.25 };

function element(name, attributes, ...inside) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

function clipped(text, letters) {
  if (text.length <= letters) return text;
  const tail = Math.floor((letters - 1) / 2);
  return text.slice(0, letters - 1 - tail) + "\u2026" + text.slice(text.length - tail);
}

function counted(number, noun) {
  return number.toLocaleString("en") + " " + noun + (number === 1 ? "" : "s");
}

class Graph {
  constructor(data, canvas, status, onSelect) {
    Object.assign(this, { data, canvas, status, onSelect, scale: 1, marked: new Set(), chain: [] });
    this.items = itemsOf(data.tree, data.texts);
    this.byOp = arrange(this.items, data.ops.map((op) => op.reads));
    this.count(this.items[0]);
    this.whole = this.items[0];
    this.openFirst();
    this.current = this.whole.parts[0] || null;
    this.svg = element("svg", { role: "group", "aria-label": "Graph of the operators" });
    canvas.replaceChildren(this.svg);
    this.listen();
    this.draw();
  }

  // Sets how many operators of each device are in an item.
  count(item) {
    const op = item.op === null ? null : this.data.ops[item.op];
    item.on = { dpu: 0, cpu: 0, user: 0, unknown: 0 };
    if (op && this.data.texts[op.type] !== "const") {
      item.on[op.device] = 1;
      item.on.unknown = op.verdict === "unknown" ? 1 : 0;
    }
    for (const part of item.parts) {
      this.count(part);
      for (const key of Object.keys(item.on)) item.on[key] += part.on[key];
    }
    item.kind = op ? (op.verdict === "unknown" ? "unknown" : op.device)
      : item.on.dpu && item.on.cpu ? "mixed"
      : item.on.unknown && item.on.unknown === item.on.cpu ? "unknown"
      : item.on.cpu ? "cpu" : item.on.dpu ? "dpu" : "user";
  }

  // Opens modules with operators on both devices, then whole levels, while few boxes are seen.
  openFirst() {
    let seen = this.whole.parts.length;
    const open = (items) => {
      seen += items.reduce((sum, item) => sum + item.parts.length, 0);
      for (const item of items) item.open = true;
    };
    const closed = (wanted) => {
      const found = [];
      for (let level = [this.whole]; level.length; level = level.flatMap((item) => item.parts)) {
        found.push(...level.filter((item) => item.parts.length && !item.open && item.parent.open && wanted(item)));
      }
      return found;
    };
    const fits = (items) => items.length > 0 && items.reduce((sum, item) => sum + item.parts.length, seen) <= FIRST_BOXES;
    for (;;) {
      const next = closed((item) => item.kind === "mixed" && fits([item]))[0];
      if (!next) break;
      open([next]);
    }
    for (let level = closed(() => true); fits(level); level = closed(() => true)) open(level);
  }

  draw() {
    const { boxes, arrows, width, height } = place(this.whole);
    this.seen = boxes;
    this.size = { width: width + 2 * BOX.pad, height: height + 2 * BOX.pad };
    const shift = "translate(" + BOX.pad + " " + BOX.pad + ")";
    const blamed = this.blamed();
    const heads = ["arrow", "blame"].map((kind) => element("marker", {
      id: kind + "-head", class: kind, viewBox: "0 0 8 8", refX: 7, refY: 4,
      markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto",
    }, element("path", { d: "M0 0L8 4L0 8z" })));
    const frames = boxes.filter((item) => item.parts.length && item.open).map((item) => this.box(item));
    const lines = arrows.map((one) => {
      const blame = blamed.has(one.module.id + " " + one.from + " " + one.to);
      const head = "url(#" + (blame ? "blame" : "arrow") + "-head)";
      return element("path", { d: one.path, class: blame ? "arrow blame" : "arrow", "marker-end": head });
    });
    const full = boxes.filter((item) => !(item.parts.length && item.open)).map((item) => this.box(item));
    this.svg.replaceChildren(element("defs", {}, ...heads), element("g", { transform: shift }, ...frames, ...lines, ...full));
    this.svg.setAttribute("viewBox", "0 0 " + this.size.width + " " + this.size.height);
    this.zoom(this.scale);
    this.focusable();
    this.say(counted(boxes.length, "box").replace("boxs", "boxes"));
  }

  box(item) {
    const frame = item.parts.length > 0 && item.open;
    const op = item.op === null ? null : this.data.ops[item.op];
    const name = op ? op.name : item.name;
    const around = item.parent.path;
    const short = op && around && /^[./_]/.test(name.slice(around.length)) && name.startsWith(around) ? name.slice(around.length + 1) : name;
    const group = element("g", {
      class: "box " + item.kind + (frame ? " frame" : "") + (op ? "" : " module") + (this.isMarked(item) ? " marked" : ""),
      transform: "translate(" + item.x + " " + item.y + ")",
      role: "button",
      tabindex: -1,
      "data-item": item.id,
      "aria-label": this.described(item, name),
    }, element("title", {}, this.described(item, name)));
    if (!op) group.setAttribute("aria-expanded", String(item.open));
    group.append(element("rect", { width: item.width, height: item.height, rx: 6 }));
    if (frame) {
      group.append(element("rect", { class: "title", width: item.width, height: BOX.title, rx: 6 }));
      group.append(element("text", { x: 10, y: 16 }, "\u25be " + clipped(name, Math.floor(item.width / 7) - 2)));
    } else {
      const second = op ? this.data.texts[op.type] : this.numbers(item);
      group.append(element("text", { x: 10, y: 17 }, clipped((op ? "" : "\u25b8 ") + short, LETTERS)));
      group.append(element("text", { x: 10, y: 32, class: "second" }, clipped(second, LETTERS + 5)));
    }
    item.drawn = group;
    return group;
  }

  numbers(item) {
    const on = item.on.dpu + item.on.cpu + item.on.user;
    return counted(on, "operator") + (item.on.cpu && item.on.cpu < on ? ", " + item.on.cpu + " on CPU" : "");
  }

  described(item, name) {
    const op = item.op === null ? null : this.data.ops[item.op];
    if (op) return [name, this.data.texts[op.type], op.device, op.verdict].join(", ");
    return "module " + name + ", " + this.numbers(item);
  }

  isMarked(item) {
    return item.op !== null ? this.marked.has(item.op) : !item.open && this.holds(item);
  }

  holds(item) {
    return item.op !== null ? this.marked.has(item.op) : item.parts.some((part) => this.holds(part));
  }

  // The pieces of arrows between the operators of the chain.
  blamed() {
    const found = new Set();
    for (let at = 0; at + 1 < this.chain.length; at += 1) {
      for (const [from, to] of [[at, at + 1], [at + 1, at]]) {
        const [source, reader] = [this.chain[from], this.chain[to]];
        if (this.data.ops[reader].reads.includes(source)) {
          pieces(this.byOp.get(source), this.byOp.get(reader), (module, a, b) => found.add(module.id + " " + a + " " + b));
        }
      }
    }
    return found;
  }

  // Marks operators, opens what is around the first of them and brings it into view.
  mark(ops, chain, reveal) {
    this.marked = new Set(ops);
    this.chain = chain;
    if (!ops.length) return this.draw();
    if (reveal) {
      const first = this.byOp.get(ops[0]);
      for (let at = first.parent; at; at = at.parent) at.open = true;
      this.current = first;
    }
    this.draw();
    if (reveal) this.show(this.current);
  }

  show(item) {
    if (!item) return;
    this.canvas.scrollLeft = (item.x + item.width / 2 + BOX.pad) * this.scale - this.canvas.clientWidth / 2;
    this.canvas.scrollTop = (item.y + BOX.pad) * this.scale - this.canvas.clientHeight / 3;
  }

  toggle(item) {
    if (!item.open && this.seen.length + item.parts.length > MOST_BOXES) {
      this.say("More than " + MOST_BOXES + " boxes: close another module first.");
      return;
    }
    const before = { x: item.x, y: item.y };
    item.open = !item.open;
    this.current = item;
    this.draw();
    this.canvas.scrollLeft += (item.x - before.x) * this.scale;
    this.canvas.scrollTop += (item.y - before.y) * this.scale;
  }

  openAll() {
    let seen = this.whole.parts.length;
    for (const item of this.items) item.open = !item.parent;
    const queue = this.whole.parts.filter((part) => part.parts.length);
    let left = 0;
    while (queue.length) {
      const item = queue.shift();
      if (seen + item.parts.length > MOST_BOXES) {
        left += 1;
      } else {
        item.open = true;
        seen += item.parts.length;
        queue.push(...item.parts.filter((part) => part.parts.length));
      }
    }
    this.draw();
    this.show(this.seen[0]);
    if (left) this.say(counted(seen, "box").replace("boxs", "boxes") + ", as many as can be seen at once; " + counted(left, "module") + " stay closed");
  }

  closeAll() {
    for (const item of this.items) item.open = !item.parent;
    while (this.current && this.current.parent !== this.whole) this.current = this.current.parent;
    this.draw();
    this.show(this.seen[0]);
  }

  zoom(scale, x, y) {
    const old = this.scale;
    this.scale = Math.min(ZOOM.most, Math.max(ZOOM.least, scale));
    const at = { x: x === undefined ? this.canvas.clientWidth / 2 : x, y: y === undefined ? this.canvas.clientHeight / 2 : y };
    const held = { x: (this.canvas.scrollLeft + at.x) / old, y: (this.canvas.scrollTop + at.y) / old };
    this.svg.setAttribute("width", Math.ceil(this.size.width * this.scale));
    this.svg.setAttribute("height", Math.ceil(this.size.height * this.scale));
    if (old !== this.scale) {
      this.canvas.scrollLeft = held.x * this.scale - at.x;
      this.canvas.scrollTop = held.y * this.scale - at.y;
    }
  }

  fit() {
    this.zoom(Math.min(1, (this.canvas.clientWidth - 4) / this.size.width, (this.canvas.clientHeight - 4) / this.size.height));
  }

  say(text) {
    this.status.textContent = text;
  }

  activate(item) {
    this.current = item;
    if (item.op === null) this.toggle(item);
    else this.onSelect(item.op);
    this.focus();
  }

  focusable() {
    if (!this.current || !this.seen.includes(this.current)) this.current = this.seen[0] || null;
    if (this.current) this.current.drawn.setAttribute("tabindex", 0);
  }

  focus() {
    if (!this.current) return;
    for (const item of this.seen) item.drawn.setAttribute("tabindex", item === this.current ? 0 : -1);
    this.current.drawn.focus({ preventScroll: true });
  }

  move(step) {
    const at = this.seen.indexOf(this.current) + step;
    if (at < 0 || at >= this.seen.length) return;
    this.current = this.seen[at];
    this.focus();
    this.show(this.current);
  }

  listen() {
    const keys = {
      ArrowDown: () => this.move(1),
      ArrowRight: () => this.move(1),
      ArrowUp: () => this.move(-1),
      ArrowLeft: () => this.move(-1),
      Enter: () => this.activate(this.current),
      " ": () => this.activate(this.current),
      Backspace: () => this.current.parent !== this.whole && this.activate(this.current.parent),
      "+": () => this.zoom(this.scale * ZOOM.step),
      "-": () => this.zoom(this.scale / ZOOM.step),
    };
    this.svg.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || !this.current) return;
      event.preventDefault();
      keys[event.key]();
    });
    let held = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && event.pointerType === "mouse") {
        held = { x: event.clientX, y: event.clientY, left: this.canvas.scrollLeft, top: this.canvas.scrollTop, moved: false };
      }
    });
    window.addEventListener("pointermove", (event) => {
      if (!held) return;
      const by = { x: event.clientX - held.x, y: event.clientY - held.y };
      held.moved = held.moved || Math.abs(by.x) + Math.abs(by.y) > 5;
      if (held.moved) {
        this.canvas.scrollLeft = held.left - by.x;
        this.canvas.scrollTop = held.top - by.y;
      }
    });
    let dragged = false;
    window.addEventListener("pointerup", () => {
      dragged = Boolean(held && held.moved);
      held = null;
    });
    this.svg.addEventListener("click", (event) => {
      const found = event.target.closest("[data-item]");
      if (found && !dragged) this.activate(this.items[Number(found.dataset.item)]);
    });
    this.canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = this.canvas.getBoundingClientRect();
      this.zoom(this.scale * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
    }, { passive: false });
  }
}
