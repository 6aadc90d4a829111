"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);

  // Search and filter. The page is whole without them, so they appear only where they work.
  const tools = one(".tools"), find = one("#find"), only = one("#only"), found = one("#found");
  const cards = all(".card");
  const texts = new Map();
  const text = (card) => {
    if (!texts.has(card)) texts.set(card, card.textContent.toLowerCase());
    return texts.get(card);
  };
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const card of cards) {
      const fits = (!only.value || card.dataset.kind === only.value) && words.every((word) => text(card).includes(word));
      card.hidden = !fits;
      shown += fits;
    }
    found.value = words.length || only.value ? `${shown} of ${cards.length}` : "";
  };
  tools.hidden = cards.length < 2;
  find.addEventListener("input", filter);
  only.addEventListener("change", filter);
  tools.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const writing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !writing && !tools.hidden) {
      event.preventDefault();
      find.focus();
    } else if (event.key === "Escape" && document.activeElement === find) {
      find.value = "";
      filter();
    }
  });
  // A bar leads to its step, also to one that the filter hides.
  addEventListener("hashchange", () => {
    const card = document.getElementById(location.hash.slice(1));
    if (card && card.hidden) {
      find.value = only.value = "";
      filter();
      card.scrollIntoView();
    }
  });

  // The timeline: details of a bar, arrow keys, zoom.
  const detail = one(".detail");
  if (!detail) return;
  const hint = detail.textContent;
  detail.hidden = false;
  const tell = (link) => {
    const title = link && link.querySelector("title");
    detail.textContent = title ? title.textContent : hint;
  };
  for (const chart of all(".scroll")) {
    const links = all("a, .bars > g", chart);
    let at = -1;
    chart.addEventListener("pointerover", (event) => tell(event.target.closest(".bars a, .bars > g")));
    chart.addEventListener("pointerleave", () => tell(links[at]));
    chart.addEventListener("focusin", (event) => {
      at = links.indexOf(event.target);
      tell(links[at]);
    });
    chart.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const next = links[Math.min(Math.max(at + step, 0), links.length - 1)];
      if (next) next.focus();
    });
  }
  const zoom = one(".zoom");
  zoom.hidden = false;
  let scale = 1;
  zoom.addEventListener("click", (event) => {
    const by = Number(event.target.dataset.zoom);
    if (!by) return;
    const before = scale;
    scale = by === 1 ? 1 : Math.min(Math.max(scale * by, 1), 64);
    for (const bars of all(".bars")) {
      const window = bars.parentElement;
      const middle = (window.scrollLeft + window.clientWidth / 2) / before;
      bars.setAttribute("width", `${100 * scale}%`);
      window.scrollLeft = middle * scale - window.clientWidth / 2;
    }
  });
})();
