// The block of one operator, beside the page.

function node(name, properties, ...inside) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...inside);
  return made;
}

class Block {
  constructor(data, panel, onSelect, onClose) {
    Object.assign(this, { data, panel, onSelect, onClose });
    this.title = panel.querySelector("h2");
    this.body = document.getElementById("block-body");
    this.readBy = data.ops.map(() => []);
    data.ops.forEach((op, at) => op.reads.forEach((source) => this.readBy[source].push(at)));
    document.getElementById("block-close").addEventListener("click", () => this.close());
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  close() {
    this.panel.hidden = true;
    document.body.classList.remove("beside");
    this.onClose();
  }

  // The operators from one to that whose reasons of its own are behind its device.
  chain(at) {
    const found = [];
    for (let next = at; next !== undefined && !found.includes(next);) {
      found.push(next);
      const reasons = this.data.ops[next].reasons || [];
      if (reasons.some((one) => one.follows === undefined)) break;
      const reason = reasons.find((one) => !found.includes(one.follows));
      next = reason && reason.follows;
    }
    return found;
  }

  show(at) {
    const op = this.data.ops[at];
    const { texts } = this.data;
    this.title.textContent = op.name;
    const kind = op.verdict === "unknown" ? "unknown" : op.device;
    const facts = node("p", {}, texts[op.type] + " ");
    facts.append(node("span", { className: "mark " + kind }, op.device === "user" ? "input or output" : op.device.toUpperCase()));
    if (op.device !== "user") facts.append(" " + op.verdict);
    const inside = [facts, ...this.reasons(op, texts)];
    const chain = this.chain(at);
    if (chain.length > 1) {
      inside.push(node("h3", {}, "path to the root cause"), node("ol", { className: "path" }, ...chain.map((one) => node("li", {}, this.link(one)))));
    }
    inside.push(this.links("input nodes", op.reads), this.links("output nodes", this.readBy[at]));
    const shown = node("dl", {});
    for (const [title, values] of op.shown) {
      shown.append(node("dt", {}, texts[title]), ...values.map((value) => node("dd", {}, texts[value])));
    }
    this.body.replaceChildren(...inside, shown);
    this.panel.hidden = false;
    this.panel.scrollTop = 0;
    document.body.classList.add("beside");
    return chain;
  }

  reasons(op, texts) {
    if (!op.reasons) return [];
    const told = op.reasons.map((reason) => {
      const item = node("li", {}, node("strong", {}, texts[reason.message]));
      if (reason.verdict !== undefined) item.append(node("p", {}, "verdict: " + texts[reason.verdict]));
      if (reason.change !== undefined) item.append(node("p", {}, "what to change: " + texts[reason.change]));
      if (reason.follows !== undefined) item.append(node("p", {}, "follows from ", this.link(reason.follows)));
      item.append(node("p", { className: "rule" }, "rule: " + texts[reason.rule]));
      return item;
    });
    return [node("h3", {}, "hardware constraints"), node("ul", { className: "reasons" }, ...told)];
  }

  links(title, ops) {
    const MOST = 30;
    const list = node("ul", { className: "links" }, ...ops.slice(0, MOST).map((at) => node("li", {}, this.link(at))));
    if (ops.length > MOST) list.append(node("li", {}, "and " + (ops.length - MOST) + " more"));
    return node("div", {}, node("h3", {}, title), ops.length ? list : node("p", {}, "none"));
  }

  link(at) {
    const button = node("button", { type: "button", className: "op" }, this.data.ops[at].name);
    button.addEventListener("click", () => this.onSelect(at));
    return button;
  }
}
