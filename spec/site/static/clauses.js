/* The filters of the index of clauses, where without JavaScript the table is whole; and a way to them from a search. */

document.addEventListener("DOMContentLoaded", () => {
  const results = document.getElementById("search-results");
  const words = new URLSearchParams(location.search).get("q");
  if (!results || !words) return;
  const link = document.createElement("a");
  link.href = `clauses.html?${new URLSearchParams({ words })}`;
  link.textContent = `Clauses with the words “${words}”`;
  const paragraph = document.createElement("p");
  paragraph.className = "to-clauses";
  paragraph.append(link);
  results.before(paragraph);
  const hits = clauseHits(window.JHUP_CLAUSES ?? [], words);
  if (hits.length === 0) return;
  const list = document.createElement("ul");
  list.className = "clause-hits";
  for (const { id, page, text } of hits) {
    const item = document.createElement("li");
    const anchor = document.createElement("a");
    anchor.href = page;
    anchor.textContent = id;
    item.append(anchor, ` ${text}`);
    list.append(item);
  }
  const heading = document.createElement("h2");
  heading.textContent = "Clauses";
  paragraph.before(heading, list);
  results.classList.add("after-hits");
});

/* The clauses with every word: first that with the identifier, then by their own text, then by other words for them. */
function clauseHits(clauses, query) {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = ({ id, text, terms }) => {
    if (id.toLowerCase() === query.trim().toLowerCase()) return 0;
    const own = `${id} ${text}`;
    const begins = (among, word) =>
      among.startsWith(word) || among.includes(/[\u4e00-\u9fff]/.test(word) ? word : ` ${word}`);
    const words = (among) => among.toLowerCase().replace(/[^\p{L}\p{N}%^-]+/gu, " ");
    if (wanted.every((word) => begins(words(own), word))) return 1;
    return wanted.every((word) => begins(words(`${own} ${terms}`), word)) ? 2 : 3;
  };
  const ranked = clauses.map((clause) => [rank(clause), clause]).filter(([place]) => place < 3);
  return ranked.sort(([one], [other]) => one - other).slice(0, 12).map(([, clause]) => clause);
}

document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form.clause-filters");
  const rows = [...document.querySelectorAll("table.clause-index tbody tr")];
  if (!form || rows.length === 0) return;

  const properties = ["class", "role", "level"];
  const cards = rows.map((row) => ({
    row,
    text: row.textContent.toLowerCase(),
    labels: properties.map((name) => row.querySelector(`.tag-${name}`).textContent),
  }));

  const show = () => {
    const wanted = properties.map((name) => form.elements[name].value);
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text, labels } of cards) {
      const fits =
        wanted.every((value, place) => value === "" || value === labels[place]) &&
        words.every((word) => text.includes(word));
      row.hidden = !fits;
      shown += fits;
    }
    form.querySelector("output").textContent = `${shown} of ${cards.length} clauses`;
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    history.replaceState(null, "", `${query.size ? `?${query}` : location.pathname}${location.hash}`);
  };

  for (const [name, value] of new URLSearchParams(location.search)) {
    if (form.elements[name]) form.elements[name].value = value;
  }
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  show();
});
