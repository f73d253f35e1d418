"""Everything in words: the text report, and the sentences that other reports share."""
