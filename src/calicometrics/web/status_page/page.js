"use strict";
(() => {
  const LEAST = 5000; // milliseconds between two updates
  const SHARE = 10; // updates may take a tenth of the time: a round of thousands of peers is work
  const PATIENCE = 60000;
  const LONGEST_NOTICE = 300;

  const button = document.getElementById("pause");
  const notice = document.getElementById("notice");
  const main = document.querySelector("main");
  let timer = 0;
  let busy = false;

  const paused = () => button.getAttribute("aria-pressed") === "true";

  function schedule(milliseconds) {
    clearTimeout(timer);
    if (!busy && !paused() && !document.hidden) timer = setTimeout(update, milliseconds);
  }

  async function update() {
    busy = true;
    const began = performance.now();
    try {
      const fresh = await fetched();
      if (fresh.main.dataset.version !== main.dataset.version) {
        location.reload(); // another version has other scripts and styles
        return;
      }
      morph(main, fresh.main);
      document.title = fresh.title;
      tell("");
    } catch (error) {
      tell(`Not up to date: ${error.message}`.slice(0, LONGEST_NOTICE));
    }
    busy = false;
    schedule(Math.max(LEAST, SHARE * (performance.now() - began)));
  }

  async function fetched() {
    const answer = await fetch(location.href, {
      headers: { Accept: "text/html" },
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status} ${text}`);
    const page = new DOMParser().parseFromString(text, "text/html"); // runs no scripts
    const main = page.querySelector("main[data-version]");
    if (!main) throw new Error("what was answered is no status page");
    return { main, title: page.title };
  }

  function tell(text) {
    document.body.classList.toggle("stale", text !== "");
    if (notice.textContent !== text) notice.textContent = text;
  }

  // Changes what differs and nothing else, so that focus, selection and scrolling stay.
  function morph(old, fresh) {
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const nodes = [...fresh.childNodes]; // a copy: appending takes a node away from its page
    while (old.childNodes.length > nodes.length) old.lastChild.remove();
    nodes.forEach((node, at) => {
      const present = old.childNodes[at];
      if (!present) old.append(node);
      else if (present.nodeName !== node.nodeName) present.replaceWith(node);
      else if (node.nodeType === Node.ELEMENT_NODE) morph(present, node);
      else if (present.data !== node.data) present.data = node.data;
    });
  }

  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(!paused()));
    schedule(0);
  });
  document.addEventListener("visibilitychange", () => schedule(0));
  button.hidden = false;
  schedule(LEAST);
})();
