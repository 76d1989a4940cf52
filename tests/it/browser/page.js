// What is wrong with the page, in sentences; empty: nothing.
const wrong = [];
const headings = document.querySelectorAll("h1").length;
if (headings !== 1) wrong.push(`${headings} h1`);
for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
  const label = [...field.labels].map((l) => l.textContent.trim()).join("") || field.getAttribute("aria-label");
  if (!label) wrong.push(`no label: ${field.outerHTML}`);
}
for (const button of document.querySelectorAll("button, a[href]")) {
  if (!button.textContent.trim() && !button.getAttribute("aria-label")) wrong.push(`says nothing: ${button.outerHTML}`);
}
const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
for (const id of ids.filter((id, i) => ids.indexOf(id) !== i)) wrong.push(`twice: #${id}`);
const width = document.documentElement.scrollWidth;
if (width > innerWidth) {
  const wide = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
  wrong.push(`${width} wide at ${innerWidth}: ${wide.slice(0, 3).map((e) => e.outerHTML.slice(0, 120)).join(" | ")}`);
}
return wrong;
