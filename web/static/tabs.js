// Tabs as the ARIA practices have them: arrows, Home and End go from one to the next.

export class Tabs {
  constructor(list, onShow) {
    Object.assign(this, { list, onShow });
    list.addEventListener("click", (event) => {
      const tab = event.target.closest("[role=tab]");
      if (tab) this.choose(tab);
    });
    list.addEventListener("keydown", (event) => this.key(event));
  }

  get tabs() {
    return [...this.list.querySelectorAll("[role=tab]")].filter((tab) => !tab.hidden);
  }

  key(event) {
    const { tabs } = this;
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    this.choose(tab);
    tab.focus();
  }

  show(name) {
    this.choose(document.getElementById("tab-" + name));
  }

  choose(chosen) {
    for (const tab of this.list.querySelectorAll("[role=tab]")) {
      const own = tab === chosen;
      tab.setAttribute("aria-selected", String(own));
      tab.tabIndex = own ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !own;
    }
    this.onShow(chosen.id.replace("tab-", ""));
  }
}
