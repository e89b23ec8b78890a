"""Learns the state machine of a target and shows it beside the specification's."""
