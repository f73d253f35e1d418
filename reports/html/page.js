// Joins the parts of the page: what is chosen in one is shown in all.

function start() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  for (const id of ["table-tools", "graph-tools", "graph-legend", "canvas", "graph-hint"]) find(id).hidden = false;
  let graph = null;
  let chosenFrom = null;
  const close = () => {
    table.select(null);
    graph.mark([], [], false);
    if (chosenFrom && chosenFrom.isConnected && chosenFrom !== document.body) chosenFrom.focus();
    else graph.focus(); // a box that was chosen has been drawn anew
  };
  const block = new Block(data, find("block"), (at) => select(at, true), close);
  const select = (at, reveal) => {
    const inBlock = find("block").contains(document.activeElement);
    if (!inBlock) chosenFrom = document.activeElement;
    const chain = block.show(at);
    table.select(at);
    graph.mark([at, ...chain], chain, reveal);
    if (inBlock) find("block").focus();
  };
  const table = new Table(data, find("table"), (at) => select(at, true));
  graph = new Graph(data, find("canvas"), find("graph-status"), (at) => select(at, false));
  for (const button of document.querySelectorAll("button[data-cause]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const ops = data.causes[Number(button.dataset.cause)];
      table.showOnly(ops);
      graph.mark(ops, [], true);
      find("operators").scrollIntoView();
      find("operators").focus({ preventScroll: true });
    });
  }
  const tools = {
    "zoom-in": () => graph.zoom(graph.scale * ZOOM.step),
    "zoom-out": () => graph.zoom(graph.scale / ZOOM.step),
    "zoom-fit": () => graph.fit(),
    "zoom-full": () => graph.zoom(1),
    "open-all": () => graph.openAll(),
    "close-all": () => graph.closeAll(),
  };
  for (const [id, act] of Object.entries(tools)) find(id).addEventListener("click", act);
}
