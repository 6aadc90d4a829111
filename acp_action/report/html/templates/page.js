"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);

  // Search and filter. The page is whole without them, so they appear only where they work.
  const tools = one(".tools"), find = one("#find"), only = one("#only"), found = one("#found");
  const cards = all(".card"), troubles = all("#attention article"), nothing = one(".nothing");
  const texts = new Map();
  const text = (card) => {
    if (!texts.has(card)) texts.set(card, card.textContent.toLowerCase());
    return texts.get(card);
  };
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const says = (card) => words.every((word) => text(card).includes(word));
    let shown = 0;
    for (const card of cards) {
      const fits = (!only.value || card.dataset.kind === only.value) && says(card);
      card.hidden = !fits;
      shown += fits;
    }
    nothing.hidden = shown > 0;
    found.value = words.length || only.value ? `${shown} of ${cards.length}` : "";
    // What is looked for may be among the steps that have no output.
    const others = words.length ? troubles.filter(says) : [];
    if (others.length) {
      const link = document.createElement("a");
      link.href = `#${others[0].id}`;
      link.textContent = others.length === 1 ? "1 that needs attention" : `${others.length} that need attention`;
      found.append(", and ", link);
    }
  };
  const clear = () => {
    find.value = only.value = "";
    filter();
  };
  tools.hidden = cards.length < 2;
  find.addEventListener("input", filter);
  only.addEventListener("change", filter);
  one(".nothing button").addEventListener("click", () => {
    clear();
    find.focus();
  });
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
  // A bar leads to its step, also to one that the filter hides or that is folded away.
  addEventListener("hashchange", () => {
    const card = document.getElementById(location.hash.slice(1));
    const folded = card && card.closest("details:not([open])");
    if (!card || !(card.hidden || folded)) return;
    if (folded) folded.open = true;
    else clear();
    card.scrollIntoView();
  });

  // On paper a video is its poster; browsers print the controls alone.
  addEventListener("beforeprint", () => {
    for (const video of all("video[poster]")) {
      if (video.previousElementSibling?.className === "still") continue;
      const still = new Image();
      still.className = "still";
      still.alt = "";
      still.src = video.poster;
      video.before(still);
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
