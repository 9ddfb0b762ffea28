"""Golden values: recorded results of the program, so that a test fails when one of them changes."""
