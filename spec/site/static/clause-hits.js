/* Written by the build: window.JHUP_CLAUSES. */
