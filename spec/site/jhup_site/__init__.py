"""Builds the specification's web site from its Markdown: `python -m jhup_site FOLDER`, or `tox -e spec`."""
