-- The highest sequence of a link is read at each start: by an index, not by reading every link.
CREATE INDEX links_written ON links(written_seq);
