"""Reference servers of the JSON-Header Upload Protocol, on `socketserver`."""
