"""What runs beneath the clients, on one thread of its own: see `engine.py`."""
