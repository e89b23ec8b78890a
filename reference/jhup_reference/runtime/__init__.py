"""What every server needs around its work: listening, an end in order, a log, a look at its health."""
