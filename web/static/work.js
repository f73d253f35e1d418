// The worker: it is asked one thing at a time; to cancel is to end it and to start another.

// A worker that is started from a blob has the policy of this page, whatever the server says.
const SOURCE = "import " + JSON.stringify(new URL("worker.js", import.meta.url).href) + ";";

export class Work {
  // onEnded: with the worker goes what it keeps, such as the inspection that downloads are of.
  constructor(onProgress, onBusy, onEnded) {
    Object.assign(this, { onProgress, onBusy, onEnded, settle: null, cancelled: 0 });
    this.begin();
  }

  get busy() {
    return this.settle !== null;
  }

  begin() {
    const url = URL.createObjectURL(new Blob([SOURCE], { type: "text/javascript" }));
    this.worker = new Worker(url, { type: "module" });
    this.worker.addEventListener("message", ({ data }) => this.hear(data));
    this.worker.addEventListener("error", (event) => this.lose(event.message || "its scripts cannot be loaded"));
  }

  // Returns the answer, or null where the work was cancelled.
  async ask(call, given) {
    const { cancelled } = this;
    while (this.busy) await this.asked;
    if (cancelled !== this.cancelled) return null; // what waits is cancelled as well
    this.asked = new Promise((resolve) => { this.settle = resolve; });
    this.onBusy(true);
    if (!this.worker) this.begin();
    this.worker.postMessage({ call, ...given });
    return this.asked;
  }

  hear(data) {
    if (data.progress) this.onProgress(data.progress);
    if (data.lost) this.lose(data.lost);
    if (data.answer) this.end(data.answer);
  }

  // Python itself has ended: what it was asked has no answer. The next call starts another.
  lose(reason) {
    this.worker.terminate();
    this.worker = null;
    this.onEnded();
    this.end({ error: "Python ended in the browser: " + reason + "; use the command line for this file." });
  }

  cancel() {
    this.worker.terminate();
    this.cancelled += 1;
    this.onEnded();
    this.begin(); // it loads while the user chooses
    this.end(null);
    this.onProgress("cancelled");
  }

  end(answer) {
    const settle = this.settle;
    this.settle = null;
    this.onBusy(false);
    if (answer) this.onProgress("");
    if (settle) settle(answer);
  }
}
