// Python in a worker: it loads the package once, then answers one call after the other.

import { loadPyodide } from "./pyodide/pyodide.mjs";

const FOLDER = "/model"; // where the file is found; its path in messages is its name alone
const say = (progress) => postMessage({ progress });
const at = (name) => new URL(name, import.meta.url).href;
const UNPACK = `
import importlib, os, site, zipfile
with zipfile.ZipFile("/data.zip") as archive:
    archive.extractall(site.getsitepackages()[0])
os.remove("/data.zip")
importlib.invalidate_caches()
`;
let mounted = null;

// Fetches a file of this folder; one that is gzipped is unpacked.
async function fetched(name) {
  const found = await fetch(at(name));
  if (!found.ok) throw new Error(name + " cannot be fetched: " + found.status);
  const body = name.endsWith(".gz") ? found.body.pipeThrough(new DecompressionStream("gzip")) : found.body;
  return new Uint8Array(await new Response(body).arrayBuffer());
}

async function load() {
  say("loading Python");
  const [snapshot, archive] = [fetched("python.snapshot.gz"), fetched("data.zip")];
  const python = await loadPyodide({ indexURL: at("pyodide/"), _loadSnapshot: await snapshot });
  // The snapshot is of the memory alone; what is read later, such as style sheets, is in files.
  python.FS.writeFile("/data.zip", await archive);
  python.runPython(UNPACK);
  python.FS.mkdir(FOLDER);
  const module = python.pyimport("vai_inspect.page.session");
  return { python, session: module.Session(say), with_fonts: module.with_fonts };
}

// Lets Python read the file where it is: what it reads is copied, and nothing else.
function mount(FS, file) {
  if (mounted === file) return;
  FS.chdir("/");
  if (mounted) FS.unmount(FOLDER);
  mounted = null;
  FS.mount(FS.filesystems.WORKERFS, { files: [file] }, FOLDER);
  mounted = file;
  FS.chdir(FOLDER);
}

function plain(answer) {
  const found = answer.toJs({ dict_converter: Object.fromEntries });
  answer.destroy();
  return found;
}

const CALLS = {
  targets: ({ session }) => ({ targets: plain(session.targets()) }),
  inspect({ python, session }, { file, target, shapes }) {
    mount(python.FS, file);
    return plain(session.inspect(file.name, target, shapes));
  },
  compare({ python, session }, { file, shapes }) {
    mount(python.FS, file);
    return plain(session.compare(file.name, shapes));
  },
  report: ({ session }, { kind }) => plain(session.report(kind)),
  async picture({ session, with_fonts }) {
    const answer = plain(session.report("dot"));
    if (answer.error) return answer;
    say("drawing the graph");
    const { instance } = await import("./viz.js");
    const drawn = (await instance()).render(answer.text, { format: "svg" });
    return drawn.status === "success"
      ? { text: with_fonts(drawn.output) }
      : { error: "Graphviz cannot draw this graph: " + (drawn.errors.map((one) => one.message).join("; ") || "it says nothing") };
  },
};

const loaded = load();

// Whether the file is still the one that was chosen: the browser gives out no other.
async function isThere(file) {
  return file.slice(0, 1).arrayBuffer().then(() => true, () => false);
}

onmessage = async ({ data }) => {
  if (data.file && !(await isThere(data.file))) {
    postMessage({ answer: { error: data.file.name + " was changed or removed since it was chosen; choose it again." } });
    return;
  }
  try {
    postMessage({ answer: await CALLS[data.call](await loaded, data) });
  } catch (error) {
    postMessage({ lost: String(error.message || error).trim().split("\n").pop() });
  }
};
