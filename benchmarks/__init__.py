"""Side by side with others: same data, same machine, same run; results equal first."""
