/* From a folder a browser may not fetch other pages; then excerpts come from a script with their texts. */

if (location.protocol === "file:") {
  document.write('<script src="_static/page-texts.js"></script>');
  const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  window.fetch = (address) => {
    const page = String(address).replace(/[?#].*/, "").replace(/^.*?([^/]+(?:\/[^/]+)?)\.html$/, "$1");
    const sections = window.JHUP_PAGES?.[page] ?? window.JHUP_PAGES?.[page.replace(/^.*\//, "")] ?? [];
    const shown = sections.map(([anchor, text]) => `<section id="${anchor}"><p>${escape(text)}</p></section>`);
    return Promise.resolve(new Response(`<div role="main">${shown.join("")}</div>`));
  };
}
