// Comfort only: every page works without this file.
"use strict";

const say = (text) => { const place = document.querySelector("[data-say]"); if (place) place.textContent = text; };

// Copy buttons. Outside https and localhost there is no clipboard: then the text is selected, ready for Ctrl+C.
function showCopyButtons() {
  for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const input = document.getElementById(button.dataset.copy);
  input.select();
  if (!navigator.clipboard) return say("Selected. Press Ctrl+C to copy.");
  try {
    await navigator.clipboard.writeText(input.value);
    say("Copied");
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  } catch { say("Selected. Press Ctrl+C to copy."); }
});
document.addEventListener("focusin", (event) => { if (event.target.matches("[data-select], .copy input")) event.target.select(); });

// "14 min ago" stays true.
function span(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  const days = Math.floor(seconds / 86400);
  return days === 1 ? "1 day" : `${days.toLocaleString("en")} days`;
}
const ahead = Date.now() - (Date.parse(document.body.dataset.now) || Date.now()); // of this clock over the server's
function refreshTimes() {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const seconds = Math.trunc((Date.now() - ahead - Date.parse(time.dateTime)) / 1000);
    const text = Math.abs(seconds) < 5 ? "now" : seconds > 0 ? `${span(seconds)} ago` : `in ${span(-seconds)}`;
    if (time.textContent !== text) time.textContent = text;
  }
}

// A page that says data-live is fetched again while it is looked at and nobody is in the middle of something.
const busy = () => document.hidden || document.querySelector("main :focus, main details[open]") || String(getSelection()) !== "";
async function refreshPage() {
  const main = document.querySelector("main[data-live]");
  if (!main) return;
  if (!busy()) {
    try {
      const answer = await fetch(location.href, { headers: { "X-Rollcall-Refresh": "1" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("main");
      if (answer.ok && !answer.redirected && fresh && !busy()) {
        fresh.querySelectorAll(".flash").forEach((f) => f.remove());
        main.replaceWith(fresh);
        const side = document.querySelector(".side"), newSide = page.querySelector(".side");
        if (side && newSide && !side.contains(document.activeElement)) side.replaceWith(newSide);
        showCopyButtons();
        showTab();
      }
    } catch { /* The server is away; the next round asks again. */ }
  }
  setTimeout(refreshPage, 5000);
}

// On a narrow screen not all tabs are to be seen: the present one is.
function showTab() {
  const tab = document.querySelector(".tabs [aria-current]");
  if (!tab) return;
  const row = tab.closest(".tabs");
  row.scrollLeft += Math.max(0, tab.getBoundingClientRect().right - row.getBoundingClientRect().right);
}

// A field that counts for one choice only shows with it: data-only="auth=oauth".
function showWhatCounts() {
  for (const part of document.querySelectorAll("[data-only]")) {
    const [name, value] = part.dataset.only.split("=");
    const chosen = document.querySelector(`select[name="${name}"], [name="${name}"]:checked`);
    part.hidden = chosen !== null && chosen.value !== value;
  }
}
document.addEventListener("change", showWhatCounts);

// `/` goes to the search field.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const search = document.querySelector("[data-search]");
  if (search) { event.preventDefault(); search.focus(); search.select(); }
});

// A form is sent once, and says that it works.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.target.dataset.sent) return event.preventDefault();
  if (event.target.method === "post") event.target.dataset.sent = "1";
  if (button?.dataset.busy) { button.textContent = button.dataset.busy; say(button.dataset.busy); }
});
addEventListener("pageshow", () => { showWhatCounts(); for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent; });

document.documentElement.classList.add("js");
showCopyButtons();
showTab();
showWhatCounts();
refreshTimes();
setInterval(refreshTimes, 10000);
document.querySelector("[data-focus]")?.focus();
if (document.querySelector("main[data-live]")) setTimeout(refreshPage, 5000);
