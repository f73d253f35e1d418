// The page: what is asked goes to a worker, what comes back is shown.

import { Work } from "./work.js";
import { Tabs } from "./tabs.js";

const find = (id) => document.getElementById(id);
const form = find("ask");
const tabs = new Tabs(find("tabs"), (name) => {
  // The block of an operator stands beside its own view alone.
  const block = find("block");
  document.body.classList.toggle("beside", name === "operators" && block !== null && !block.hidden);
});
const work = new Work((text) => { find("status").textContent = text; }, showBusy, noDownloads);
let stem = ""; // of the names of downloads

function showBusy(busy) {
  find("progress").hidden = !busy;
  find("cancel").hidden = !busy;
  for (const button of document.querySelectorAll("#inspect, #compare, #downloads button")) button.disabled = busy;
}

function noDownloads() {
  stem = "";
  find("downloads").hidden = true;
}

function showError(text) {
  find("error").hidden = !text;
  find("error").textContent = text;
}

// Asks the worker; returns its answer, or null where there is none to show.
async function ask(call, given) {
  showError("");
  const answer = await work.ask(call, given);
  if (answer && answer.error) {
    showError(answer.error);
    return null;
  }
  return answer;
}

function given() {
  const file = find("file").files[0];
  if (!file) showError("There is no file yet: drop or choose a .keras, .h5 or .onnx file.");
  return file && { file, target: find("target").value.trim(), shapes: find("shapes").value };
}

// The HTML is the package's own, with all that is a model's escaped in it.
function fill(name, html) {
  find("view-" + name).innerHTML = html;
}

function clear() {
  find("views").hidden = true;
  document.body.classList.remove("beside");
  for (const panel of document.querySelectorAll("[role=tabpanel]")) panel.replaceChildren();
  stem = "";
}

async function inspect() {
  const asked = given();
  if (!asked) return;
  const began = performance.now();
  const answer = await ask("inspect", asked);
  const compared = find("view-compare").dataset.file === fileId(asked.file) ? find("view-compare").innerHTML : "";
  clear();
  if (!answer) return;
  for (const [name, html] of Object.entries(answer.parts)) fill(name, html);
  fill("compare", compared);
  stem = answer.stem;
  start(); // of report.js: the table, the graph and the block
  show("summary");
  find("status").textContent = asked.file.name + ": inspected in " + seconds(began);
}

async function compare() {
  const asked = given();
  if (!asked) return;
  const began = performance.now();
  const answer = await ask("compare", asked);
  if (!answer) return;
  fill("compare", answer.html);
  find("view-compare").dataset.file = fileId(asked.file);
  for (const row of document.querySelectorAll("#view-compare tr")) choosable(row.cells[1]);
  show("compare");
  find("status").textContent = asked.file.name + ": compared in " + seconds(began);
}

function show(name) {
  find("views").hidden = false;
  for (const tab of document.querySelectorAll("#tabs [role=tab]")) {
    const panel = find(tab.getAttribute("aria-controls"));
    tab.hidden = !panel.hasChildNodes();
  }
  find("downloads").hidden = !stem;
  tabs.show(name);
}

function seconds(began) {
  return ((performance.now() - began) / 1000).toFixed(1) + " s";
}

function fileId(file) {
  return [file.name, file.size, file.lastModified].join("/");
}

// Makes the name of a target in the comparison a button that inspects for it.
function choosable(cell) {
  if (cell.tagName !== "TD") return;
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "op", textContent: cell.textContent });
  cell.replaceChildren(button);
}

async function listTargets() {
  const answer = await ask("targets", {});
  for (const { value, label } of answer ? answer.targets : []) find("targets").append(new Option(label, value));
}

async function download(kind) {
  const answer = await ask(kind === "svg" ? "picture" : "report", { kind });
  if (!answer) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([answer.text], { type: "application/octet-stream" }));
  link.download = stem + "." + kind;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  find("status").textContent = link.download + " is written";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  inspect();
});
find("file").addEventListener("change", inspect);
find("target").addEventListener("change", () => {
  if (find("file").files[0] && find("target").value.trim()) inspect();
});
find("compare").addEventListener("click", compare);
find("cancel").addEventListener("click", () => {
  work.cancel();
  if (!find("targets").hasChildNodes()) listTargets(); // that was what is cancelled
  find("file").focus();
});
for (const button of document.querySelectorAll("#downloads button")) {
  button.addEventListener("click", () => download(button.dataset.kind));
}
find("view-compare").addEventListener("click", (event) => {
  const button = event.target.closest("button.op");
  if (!button) return;
  find("target").value = button.textContent;
  inspect();
});
// A root cause shows its operators, which are in another view than it is.
find("view-summary").addEventListener("click", (event) => {
  if (event.target.closest("[data-cause]")) tabs.show("operators");
}, true);

// The whole page takes a file, so that one that misses the field does not leave the page.
for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    find("drop").classList.toggle("over", name === "dragenter" || name === "dragover");
  });
}
document.addEventListener("drop", (event) => {
  if (!event.dataTransfer.files.length) return;
  find("file").files = event.dataTransfer.files;
  inspect();
});

await listTargets();
