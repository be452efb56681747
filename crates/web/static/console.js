// Keys, live news and small comforts. Every page works without this file; it adds no content of its own but
// what the server sends, and it never makes a link or HTML out of a post.
"use strict";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);
const writing = (element) => element?.closest?.("input, textarea, select, [contenteditable]");

// ---- Keys. They do nothing inside inputs, with a modifier, or while an input method composes.

const places = { h: "/queue", s: "/support", v: "/cases", t: "/search", n: "/sources", q: "/rules", l: "/numbers", k: "/audit" };
let going = false;

function press(key) {
  const target = all(`[data-key="${key}"]`).find((element) => element.offsetParent !== null || element.tagName === "DETAILS");
  if (!target) return false;
  if (target.tagName === "DETAILS") {
    if (target.open) one("button[data-digit]", target)?.click();
    else openMenu(target);
  } else if (writing(target)) target.focus();
  else target.click();
  return true;
}

function openMenu(menu) {
  all("details.menu[open]").forEach((other) => { if (other !== menu) other.open = false; });
  menu.open = true;
  one("button, input", menu)?.focus({ preventScroll: true });
}

function move(step) {
  const rows = all(".row");
  const at = rows.findIndex((row) => row.hasAttribute("aria-current"));
  const next = rows[at < 0 ? 0 : at + step];
  if (next) next.click();
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === "Escape") {
    const open = one("details.menu[open]");
    if (open) { open.open = false; one("summary", open).focus(); }
    else if (writing(event.target)) event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target) || one("dialog[open]")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (going) {
    going = false;
    const link = places[key] && one(`.rail a[href="${places[key]}"]`);
    if (link) { event.preventDefault(); link.click(); }
    return;
  }
  const open = one("details.menu[open]");
  let done = true;
  if (/^[1-9]$/.test(key) && open) one(`button[data-digit="${key}"]`, open)?.click();
  else if (key === "j") move(1);
  else if (key === "k") move(-1);
  else if (key === "g") { going = true; setTimeout(() => { going = false; }, 1200); }
  else if (key === "/") (one("#q") ?? one("#find"))?.focus();
  else if (key === "?") one("#help")?.showModal();
  else if (key === "Enter" && event.target === document.body) one(".unit > .sheet")?.focus();
  else if (/^[cdsmeurn]$/.test(key)) done = press(key);
  else done = false;
  if (done) event.preventDefault();
});

document.addEventListener("click", (event) => {
  all("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  if (event.target.closest("[data-help]")) one("#help")?.showModal();
});

// A form is sent once, however often a key is struck.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  if (form.dataset.draft) sessionStorage.removeItem(form.dataset.draft);
});
addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

all("[data-help]").forEach((button) => { button.hidden = false; });
all("[data-submit]").forEach((select) => {
  select.addEventListener("change", () => select.form.requestSubmit());
  const button = one("button", select.form);
  if (button) button.hidden = true;
});
one(".row[aria-current]")?.scrollIntoView({ block: "nearest" });

// ---- What was typed survives a reload, in this tab only.

all("form[data-draft]").forEach((form) => {
  const field = one("textarea, input[type=text]", form);
  if (!field) return;
  field.value ||= sessionStorage.getItem(form.dataset.draft) ?? "";
  field.addEventListener("input", () => sessionStorage.setItem(form.dataset.draft, field.value));
});

// ---- A finding and what it saw light up together.

function light(numbers, on) {
  for (const number of numbers) {
    all(`mark[data-f~="${number}"], .finding[data-finding="${number}"]`).forEach((element) => element.classList.toggle("lit", on));
  }
}
for (const [kind, on] of [["mouseover", true], ["mouseout", false]]) {
  document.addEventListener(kind, (event) => {
    const mark = event.target.closest?.("mark[data-f]");
    const finding = event.target.closest?.(".finding[data-finding]");
    if (mark) light(mark.dataset.f.split(" "), on);
    else if (finding) light([finding.dataset.finding], on);
  });
}

// ---- Live news: counts change in place, a new alert joins the list; what one reads stays.

const say = (words) => { const line = one("[data-said]"); if (line) line.textContent = words; };

function counts(values) {
  for (const [name, value] of Object.entries(values)) {
    all(`[data-count="${name}"]`).forEach((element) => { element.textContent = value; });
  }
}

function arrive(news) {
  const rows = one("[data-rows]");
  if (!rows || one(`.row[data-id="${CSS.escape(news.id)}"]`)) return;
  const view = one("input[name=view]")?.value;
  const family = one("#family")?.value;
  if ((family && !news.families.includes(family)) || view === "mine") return notify(news);
  const holder = document.createElement("template");
  holder.innerHTML = news.row;
  const row = one(".row", holder.content);
  if (!row) return;
  row.classList.add("fresh");
  row.href = row.getAttribute("href") + location.search;
  const known = all(".row", rows);
  const lower = known.find((other) => Number(other.dataset.priority) > news.priority);
  if (lower) lower.before(row);
  else if (known.length) known[known.length - 1].after(row);
  else rows.prepend(row);
  one(".blank", rows)?.remove();
  notify(news);
}

function notify(news) {
  if (news.priority !== 1) return;
  say(news.words);
  const place = one("[data-newcomers]");
  if (!place) return;
  const link = document.createElement("a");
  link.href = news.href + location.search;
  link.textContent = news.words;
  place.prepend(link);
  while (place.children.length > 3) place.lastElementChild.remove();
}

const address = document.body.dataset.events;
if (address && "EventSource" in window) {
  const events = new EventSource(address);
  const lamp = one("[data-live]");
  const shine = (on) => {
    if (!lamp) return;
    lamp.classList.toggle("on", on);
    lamp.textContent = on ? lamp.dataset.on : lamp.dataset.off;
  };
  events.onopen = () => shine(true);
  events.onerror = () => shine(false);
  events.addEventListener("counts", (event) => counts(JSON.parse(event.data)));
  events.addEventListener("alert", (event) => arrive(JSON.parse(event.data)));
  addEventListener("pagehide", () => events.close());
}
