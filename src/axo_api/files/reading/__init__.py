"""From a file's bytes to its rows, whatever they are wrapped in, in memory for one row and a little more."""
