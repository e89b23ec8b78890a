"""The subcommands of `jhup-server`."""
