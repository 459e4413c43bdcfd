"""Amazon's Selling Partner API (Europe), with its login and its document storage."""
