// The table of operators: search, filters, order.

class Table {
  constructor(data, table, onSelect) {
    Object.assign(this, { data, table, onSelect, only: null, order: { key: "at", down: false } });
    this.body = table.tBodies[0];
    this.rows = [...this.body.rows].map((row, at) => ({ row, at, op: data.ops[at], words: this.words(data.ops[at]) }));
    this.inputs = ["search", "device", "verdict", "layer"].map((id) => document.getElementById(id));
    for (const input of this.inputs.filter(Boolean)) input.addEventListener("input", () => this.filter());
    document.getElementById("reset").addEventListener("click", () => this.reset());
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row && !String(window.getSelection())) this.onSelect(this.rows.find((one) => one.row === row).at);
    });
    for (const head of table.tHead.querySelectorAll("th[data-key]")) this.sortable(head);
    this.sortHead();
    this.filter();
  }

  words(op) {
    const { texts } = this.data;
    const layers = op.shown.filter(([title]) => texts[title] === "layers").flatMap(([, values]) => values);
    const reasons = (op.reasons || []).map((reason) => reason.message);
    return [op.name, ...[op.type, ...layers, ...reasons].map((one) => texts[one])].join("\n").toLowerCase();
  }

  value(id) {
    const input = document.getElementById(id);
    return input ? input.value : "";
  }

  filter() {
    const wanted = this.value("search").toLowerCase().split(/\s+/).filter(Boolean);
    const [device, verdict, layer] = ["device", "verdict", "layer"].map((id) => this.value(id));
    let shown = 0;
    for (const { row, at, op, words } of this.rows) {
      const fits = wanted.every((word) => words.includes(word)) &&
        (!device || op.device === device) &&
        (!verdict || op.verdict === verdict) &&
        (!layer || (op.name.startsWith(layer) && /^([./_]|$)/.test(op.name.slice(layer.length)))) &&
        (!this.only || this.only.has(at));
      row.hidden = !fits;
      shown += fits;
    }
    document.getElementById("shown").textContent = shown.toLocaleString("en") + " of " + this.rows.length.toLocaleString("en") + " shown" + (this.only ? " (one root cause)" : "");
  }

  reset() {
    for (const input of this.inputs.filter(Boolean)) input.value = "";
    this.only = null;
    this.filter();
  }

  showOnly(ops) {
    this.reset();
    this.only = new Set(ops);
    this.filter();
  }

  select(at) {
    for (const { row, at: own } of this.rows) {
      if (own === at) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  sortable(head) {
    const button = node("button", { type: "button" }, head.textContent);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const { key } = head.dataset;
      const figures = key === "macs" || key === "us";
      this.order = { key, down: this.order.key === key ? !this.order.down : figures };
      this.sort();
      this.sortHead();
    });
  }

  sortHead() {
    for (const head of this.table.tHead.querySelectorAll("th[data-key]")) {
      const own = head.dataset.key === this.order.key;
      head.setAttribute("aria-sort", own ? (this.order.down ? "descending" : "ascending") : "none");
    }
  }

  sort() {
    const { key, down } = this.order;
    const column = [...this.table.tHead.rows[0].cells].findIndex((cell) => cell.dataset.key === key);
    const keyed = this.rows.map((one) => {
      const cell = one.row.cells[column];
      const figure = key === "macs" || key === "us";
      return { one, by: key === "at" ? one.at : figure ? Number(cell.dataset.v || -1) : cell.textContent.toLowerCase() };
    });
    keyed.sort((a, b) => (a.by < b.by ? -1 : a.by > b.by ? 1 : 0) * (down ? -1 : 1) || a.one.at - b.one.at);
    this.body.append(...keyed.map(({ one }) => one.row));
  }
}
