"""Sphinx's configuration of the specification's site; `jhup_site` prepares the sources and builds it."""

project = "JHUP"
author = "the maintainers of JHUP"
version = release = "1.1"
language = "en"
html_search_language = "jhup"  # English that keeps FRAME-3 whole: jhup_site.words

extensions = ["myst_parser", "jhup_site.extension"]
root_doc = "index"
myst_enable_extensions = ["fieldlist"]
nitpicky = True
smartquotes = False

html_theme = "furo"
html_title = "JHUP 1.1"
if tags.has("print"):  # noqa: F821  # Sphinx gives it
    html_sidebars: dict[str, list[str]] = {"**": ["sidebar/brand.html"]}
html_static_path = ["static"]
html_css_files = ["jhup.css", "print.css"]
html_js_files = [("clauses.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_use_index = False
html_domain_indices = False
html_permalinks_icon = "¶"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1b5e8a", "color-brand-content": "#1b5e8a"},
    "dark_css_variables": {"color-brand-primary": "#7cc0ee", "color-brand-content": "#7cc0ee"},
}
pygments_style = "friendly"
pygments_dark_style = "github-dark"
