// Where the boxes and arrows of the graph stand. Knows nothing of the page.
//
// An item is an operator or a module. An open module is a frame around its own rows of items: each
// item is below all that it reads. An arrow between neighbouring rows crosses the gap between them;
// a longer one goes down a lane beside the rows, so that none runs through a box or a title.

const BOX = { width: 184, height: 40, title: 24, gap: 16, rows: 28, pad: 14, lane: 9 };
const MOST_LANES = 12; // on one side of a frame; further arrows share the outermost
const ROW_LENGTH = 8; // items of one row; more go to the next
const IN = -1; // what a module reads from outside comes in below its title
const OUT = -2; // and what others read of it leaves at its lower edge

// Returns the items of a tree, the whole first; `tree` is [name, path, [operator or tree, ...]].
function itemsOf(tree, texts) {
  const items = [];
  const make = (node, parent) => {
    const module = Array.isArray(node);
    const item = { id: items.length, parent, op: module ? null : node, parts: [], open: !parent };
    items.push(item);
    if (module) {
      item.name = texts[node[0]];
      item.path = texts[node[1]] || (parent ? parent.path : "");
      item.parts = node[2].map((part) => make(part, item));
    }
    return item;
  };
  make(tree, null);
  return items;
}

function chainTo(item) {
  const chain = [];
  for (let at = item; at; at = at.parent) chain.unshift(at);
  return chain;
}

// Calls see(module, from, to) for each piece of what an item hands to another, the outermost first.
function pieces(source, reader, see) {
  const from = chainTo(source);
  const to = chainTo(reader);
  let fork = 0;
  while (from[fork] === to[fork]) fork += 1;
  see(from[fork - 1], from[fork].id, to[fork].id);
  for (let at = fork + 1; at < from.length; at += 1) see(from[at - 1], from[at].id, OUT);
  for (let at = fork + 1; at < to.length; at += 1) see(to[at - 1], IN, to[at].id);
}

// Sets of each module its arrows, and of each item its row and its place in it.
function arrange(items, reads) {
  const byOp = new Map(items.filter((item) => item.op !== null).map((item) => [item.op, item]));
  const modules = items.filter((item) => item.parts.length);
  for (const module of modules) module.arrows = new Map();
  reads.forEach((sources, reader) => {
    for (const source of sources) {
      pieces(byOp.get(source), byOp.get(reader), (module, from, to) => {
        module.arrows.set(from + " " + to, { from, to });
      });
    }
  });
  for (const module of modules) arrangeRows(module, items);
  return byOp;
}

function arrangeRows(module, items) {
  const readsOf = new Map(module.parts.map((part) => [part.id, []]));
  const readBy = new Map(module.parts.map((part) => [part.id, []]));
  for (const { from, to } of module.arrows.values()) {
    if (from !== IN && to !== OUT) {
      readsOf.get(to).push(from);
      readBy.get(from).push(to);
    }
  }
  const rows = [];
  const full = (row) => rows[row] !== undefined && rows[row].length >= ROW_LENGTH;
  const put = (part, row) => {
    (rows[row] = rows[row] || []).push(part);
    part.row = row;
  };
  // What reads nothing, such as a constant, stands right above the first that reads it.
  const waits = (part) => !readsOf.get(part.id).length && !module.arrows.has(IN + " " + part.id) && readBy.get(part.id).length > 0;
  for (const part of module.parts) part.row = 0;
  for (const part of module.parts.filter((one) => !waits(one))) {
    let row = Math.max(-1, ...readsOf.get(part.id).map((id) => items[id].row)) + 1;
    while (full(row)) row += 1;
    put(part, row);
  }
  for (const part of module.parts.filter(waits)) {
    const below = Math.min(...readBy.get(part.id).map((id) => items[id].row));
    let row = below - 1;
    while (row >= 0 && full(row)) row -= 1;
    put(part, row < 0 ? below - 1 : row);
  }
  module.rows = Array.from(rows, (row) => row || []);
  module.rows.forEach((row) => {
    const middle = (part) => {
      const above = readsOf.get(part.id).map((id) => items[id].share).filter((one) => one !== undefined);
      return above.length ? above.reduce((a, b) => a + b, 0) / above.length : 0.5;
    };
    const wanted = new Map(row.map((part) => [part, middle(part)]));
    row.sort((a, b) => wanted.get(a) - wanted.get(b) || a.id - b.id);
    row.forEach((part, at) => { part.share = (at + 0.5) / row.length; });
  });
  setLanes(module, items);
}

// Gives each source of long arrows a lane at one side, free from its row to its last reader's.
function setLanes(module, items) {
  const rowOf = (id) => (id === IN ? -1 : id === OUT ? module.rows.length : items[id].row);
  const last = new Map();
  for (const arrow of module.arrows.values()) {
    arrow.rows = [rowOf(arrow.from), rowOf(arrow.to)];
    arrow.long = arrow.rows[1] - arrow.rows[0] !== 1;
    if (arrow.long) last.set(arrow.from, Math.max(arrow.rows[1], last.get(arrow.from) || 0));
  }
  const sides = [[], []];
  const lanes = new Map();
  const sources = [...last.keys()].sort((a, b) => rowOf(a) - rowOf(b) || a - b);
  for (const source of sources) {
    const share = source === IN ? 0.5 : items[source].share;
    const side = share > 0.5 || (share === 0.5 && sides[1].length <= sides[0].length) ? 1 : 0;
    let lane = sides[side].findIndex((until) => until <= rowOf(source));
    if (lane < 0) lane = Math.min(sides[side].length, MOST_LANES - 1);
    sides[side][lane] = Math.max(last.get(source), sides[side][lane] || 0);
    lanes.set(source, { side, lane });
  }
  for (const arrow of module.arrows.values()) arrow.lane = arrow.long ? lanes.get(arrow.from) : null;
  module.lanes = sides.map((side) => side.length);
  module.comesIn = [...module.arrows.values()].some((arrow) => arrow.from === IN);
}

// Sets the size of an item and, within an open module, how far each row is from its top.
function measure(item) {
  if (!item.parts.length || !item.open) {
    item.width = BOX.width;
    item.height = BOX.height;
    return;
  }
  item.parts.forEach(measure);
  const around = item.parent ? BOX.pad : 0;
  let y = (item.parent ? BOX.title : 0) + (item.comesIn ? BOX.rows : around);
  let widest = 0;
  item.tops = [];
  item.bottoms = [];
  for (const row of item.rows) {
    item.tops.push(y);
    y += Math.max(0, ...row.map((part) => part.height));
    item.bottoms.push(y);
    y += BOX.rows;
    row.width = row.reduce((sum, part) => sum + part.width, BOX.gap * (row.length - 1));
    widest = Math.max(widest, row.width);
  }
  item.inner = widest;
  item.width = widest + 2 * around + BOX.lane * (item.lanes[0] + item.lanes[1]);
  item.height = y - BOX.rows + (item.parent ? BOX.rows : 0);
}

// Returns the boxes and the arrows that are seen, with their places, and the size of all.
function place(whole) {
  measure(whole);
  const boxes = [];
  const arrows = [];
  const go = (item, x, y) => {
    item.x = x;
    item.y = y;
    if (item.parent) boxes.push(item);
    if (!item.parts.length || !item.open) return;
    const left = x + (item.parent ? BOX.pad : 0) + BOX.lane * item.lanes[0];
    item.rows.forEach((row, number) => {
      let at = left + (item.inner - row.width) / 2;
      for (const part of row) {
        go(part, at, y + item.tops[number]);
        at += part.width + BOX.gap;
      }
    });
    for (const arrow of item.arrows.values()) arrows.push({ module: item, ...arrow, path: path(item, arrow, left) });
  };
  go(whole, 0, 0);
  return { boxes, arrows, width: whole.width, height: whole.height };
}

function path(module, arrow, left) {
  const bottom = (row) => module.y + (row < 0 ? BOX.title : module.bottoms[row]);
  const top = (row) => module.y + (row < module.tops.length ? module.tops[row] : module.height);
  const middle = (item) => item.x + item.width / 2;
  const part = (id) => module.parts.find((one) => one.id === id);
  const [first, last] = arrow.rows;
  const giver = arrow.from === IN ? null : part(arrow.from);
  const reader = arrow.to === OUT ? null : part(arrow.to);
  const x = middle(giver || module);
  const end = middle(reader || module);
  const start = "M" + x + " " + (giver ? giver.y + giver.height : bottom(-1)) + "V" + bottom(first);
  const bend = (from, to, above, below) => {
    const half = (above + below) / 2;
    return "C" + from + " " + half + " " + to + " " + half + " " + to + " " + below;
  };
  if (!arrow.long) return start + bend(x, end, bottom(first), top(last));
  const { side, lane } = arrow.lane;
  const out = BOX.lane * (lane + 1);
  const along = side ? left + module.inner + out : left - out;
  return start + bend(x, along, bottom(first), top(first + 1)) + "V" + bottom(last - 1) +
    bend(along, end, bottom(last - 1), top(last));
}
