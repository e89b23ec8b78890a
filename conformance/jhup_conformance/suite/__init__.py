"""The checks, one file per section of the specification. Run them with the plugin `jhup_conformance.plugin`."""
