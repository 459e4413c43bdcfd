"""Books Amazon sales in e-Boekhouden.nl every hour, and settles them when Amazon pays."""

__version__ = "0.1.0"
