"""A seller's sales, refunds, fees and settlements, the same for the same seed."""
