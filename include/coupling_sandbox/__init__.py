"""Stand-ins for the services the product talks to; they know nothing of the product."""
