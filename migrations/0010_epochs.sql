-- Each start of the hub begins its sequence above all before it: the highest of the links need not be found any more.
DROP INDEX links_written;
