"""What was measured, as data: kept from the journal, read as thinned series or in full resolution."""
