"use strict";
// Steps of a talk: drawn before they are shown, led by keys, in need of no server.
(() => {
  const story = JSON.parse(document.getElementById("story").textContent);
  const steps = story.steps;
  const root = document.documentElement;
  const at = (id) => document.getElementById(id);
  const state = steps.map((step) => ({ shown: step.groups, bands: true, table: true, drawn: "" }));
  let now = 0, typed = "", speaker = null, began = null;
  let dark = matchMedia("(prefers-color-scheme: dark)").matches;

  const scale = () => Math.min(innerWidth / story.width, innerHeight / story.height);

  // Every length of a figure, multiplied: words have their size in the page, not by a lens.
  const LENGTHS = new Set(["xshift", "yshift", "ax", "ay", "standoff", "arrowwidth", "borderpad", "ticklen",
    "tickwidth", "gridwidth", "linewidth", "zerolinewidth", "thickness", "tracegroupgap", "itemwidth",
    "xgap", "ygap", "borderwidth"]);
  function grown(part, s, of) {
    if (Array.isArray(part)) {
      return part.map((one) => typeof one === "number" && of === "size" ? one * s : grown(one, s, of));
    }
    if (typeof part === "string") {
      return part.includes("font-size:")
        ? part.replace(/font-size:([\d.]+)px/g, (_, n) => `font-size:${n * s}px`) : part;
    }
    if (part === null || typeof part !== "object") return part;
    const larger = {};
    for (const [name, value] of Object.entries(part)) {
      const length = LENGTHS.has(name) || of === "margin"
        || (name === "size" && (of.endsWith("font") || of === "marker"))
        || (name === "width" && (of === "line" || of.startsWith("error_")))
        || (name === "height" && (of === "cells" || of === "header"));
      larger[name] = length && typeof value === "number" ? value * s
        : name === "x" || name === "y" || name === "z" ? value
        : grown(value, s, length ? "size" : name);
    }
    return larger;
  }

  const colours = () => story.colours[dark ? "dark" : "light"];
  function coloured(part) {
    let text = JSON.stringify(part);
    for (const [holder, colour] of Object.entries(colours())) text = text.replaceAll(holder, colour);
    return JSON.parse(text);
  }

  function figure(i) {
    const step = steps[i], own = state[i];
    const s = scale(), box = at(`step${i}`).getBoundingClientRect();
    const { data, layout } = coloured(step.figure);
    const seen = (group) => group === null || group < own.shown;
    for (const trace of data) {
      const { group, role } = trace.meta;
      const wanted = role === "band" ? own.bands : role === "table" ? own.table : true;
      trace.visible = trace.visible !== false && wanted && seen(group);
    }
    layout.annotations = layout.annotations.filter((words) => {
      const [kind, group] = (words.name || "").split(" ");
      if (kind !== "group" && kind !== "table") return true;
      return seen(group === "None" ? null : Number(group)) && (kind === "group" || own.table);
    });
    if (step.table && !own.table) layout.yaxis.domain = step.table.alone;
    const large = grown({ data, layout: { ...layout, template: coloured(story.template) } }, s, "");
    Object.assign(large.layout, { width: box.width, height: box.height });
    return large;
  }

  function draw(i) {
    const step = steps[i], own = state[i];
    const size = [innerWidth, innerHeight, dark, own.shown, own.bands, own.table].join();
    if (own.drawn === size) return;
    own.drawn = size;
    const place = at(`step${i}`);
    const picture = step.pictures[dark ? "dark" : "light"] || step.pictures.light;
    const show = () => {
      if (picture) place.innerHTML = `<img alt="" src="${picture}">`;
      else {
        place.innerHTML = "<p></p>";
        place.firstChild.textContent = step.refused || "This figure cannot be drawn here.";
      }
    };
    if (!step.figure) return show();
    try {
      const { data, layout } = figure(i);
      Plotly.react(place, data, layout, { staticPlot: true }).catch(show);
    } catch (_error) { show(); }
  }

  function say(i) {
    const said = at("said"), s = scale();
    said.textContent = steps[i].caption;
    const inner = document.createElement("span");
    inner.textContent = steps[i].caption;
    said.replaceChildren(inner);
    for (let size = 21; size >= 13; size -= 0.5) {
      said.style.fontSize = `${size * s}px`;
      if (inner.getBoundingClientRect().height <= said.clientHeight) break;
    }
  }

  function show(i) {
    now = Math.min(Math.max(i, 0), steps.length - 1);
    root.style.setProperty("--s", scale());
    root.classList.toggle("dark", dark);
    draw(now);
    say(now);
    steps.forEach((step, k) => at(`step${k}`).classList.toggle("now", k === now));
    at("n").textContent = [steps[now].patients, steps[now].left_out].filter(Boolean).join(" · ");
    at("mark").hidden = !steps[now].synthetic;
    at("place").textContent = `${now + 1} / ${steps.length}`;
    [...at("dots").children].forEach((dot, k) => dot.classList.toggle("now", k === now));
    history.replaceState(null, "", `#${now + 1}`);
    if (now && !began) began = new Date();
    tell();
    setTimeout(ahead, 30);
  }

  // What comes next is drawn while nothing happens.
  function ahead() {
    const order = [...steps.keys()].sort((a, b) => Math.abs(a - now - 0.3) - Math.abs(b - now - 0.3));
    const size = `${innerWidth},${innerHeight},${dark}`;
    const next = order.find((k) => !state[k].drawn.startsWith(size));
    if (next === undefined) { root.dataset.ready = `${steps.length} of ${steps.length}`; return; }
    draw(next);
    setTimeout(ahead, 10);
  }

  function reveal() {
    const own = state[now], all = steps[now].groups;
    if (all > 1) own.shown = own.shown >= all ? 1 : own.shown + 1;
  }

  // The speaker's window: its words are set from here, so that it needs no server either.
  function open_speaker() {
    speaker = window.open("", "calr_speaker", "width=960,height=720");
    if (!speaker) return;
    const page = speaker.document;
    page.title = `Speaker: ${story.title}`;
    page.body.innerHTML = "<header><b id=clock></b> <span id=since></span> <span id=where></span>"
      + "</header><h1 id=said></h1><pre id=note></pre><h2>Next</h2><p id=next></p>";
    page.body.style.cssText = "font: 22px/1.45 sans-serif; margin: 28px; background: #10161f;"
      + " color: #e6ecf4";
    page.getElementById("note").style.cssText = "font: inherit; white-space: pre-wrap";
    page.addEventListener("keydown", key);
    tell();
  }
  const two = (n) => String(n).padStart(2, "0");
  function tell() {
    if (!speaker || speaker.closed) return;
    const put = (id, text) => { speaker.document.getElementById(id).textContent = text; };
    const time = new Date(), passed = began ? Math.floor((time - began) / 1000) : 0;
    put("clock", `${two(time.getHours())}:${two(time.getMinutes())}`);
    put("since", `${two(Math.floor(passed / 60))}:${two(passed % 60)} since the first step`);
    put("where", `${now + 1} of ${steps.length}`);
    put("said", steps[now].caption);
    put("note", steps[now].note);
    put("next", now + 1 < steps.length ? steps[now + 1].caption : "The end.");
  }
  setInterval(tell, 1000);

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (/^\d$/.test(name)) { typed = (typed + name).slice(-3); return; }
    const number = Number(typed);
    typed = "";
    const own = state[now];
    const black = at("black");
    if (!black.hidden && name !== "b" && name !== ".") black.hidden = true;
    const acts = {
      ArrowRight: () => show(now + 1), ArrowDown: () => show(now + 1), PageDown: () => show(now + 1),
      " ": () => show(event.shiftKey ? now - 1 : now + 1),
      ArrowLeft: () => show(now - 1), ArrowUp: () => show(now - 1), PageUp: () => show(now - 1),
      Backspace: () => show(now - 1), Home: () => show(0), End: () => show(steps.length - 1),
      Enter: () => show(number ? number - 1 : now + 1),
      b: () => { black.hidden = !black.hidden; }, ".": () => { black.hidden = !black.hidden; },
      Escape: leave,
      g: () => { reveal(); show(now); },
      i: () => { own.bands = !own.bands; show(now); },
      r: () => { own.table = !own.table; show(now); },
      d: () => { dark = !dark; show(now); },
      f: () => { if (document.fullscreenElement) document.exitFullscreen();
        else root.requestFullscreen().catch(() => {}); },
      n: open_speaker,
    };
    if (!acts[name]) return;
    event.preventDefault();
    acts[name]();
  }
  // From the app itself its pages stand beside; a file names the app that wrote it.
  const link = (address) => location.protocol === "file:" ? story.base + address : `../${address}`;

  // Back to the step's page, where the app answers; else the talk goes on, which is said.
  async function leave() {
    const address = steps[now].address;
    if (!address) return;
    if (location.protocol !== "file:") {
      try { await fetch("../_stcore/health", { cache: "no-store" }); } catch (_error) {
        at("n").textContent = "The app does not answer: the talk goes on without it.";
        return;
      }
    }
    location.href = link(address);
  }

  let still = 0;
  addEventListener("mousemove", () => {
    document.body.classList.add("moved");
    clearTimeout(still);
    still = setTimeout(() => document.body.classList.remove("moved"), 2000);
  });
  addEventListener("keydown", key);
  addEventListener("resize", () => show(now));
  at("dots").addEventListener("click", (event) => {
    const k = [...at("dots").children].indexOf(event.target);
    if (k >= 0) show(k);
  });
  show(Number(location.hash.slice(1)) - 1 || 0);
})();
