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
});

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
