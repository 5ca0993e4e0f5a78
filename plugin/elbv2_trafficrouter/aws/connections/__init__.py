"""How long a request may take, and how large its response may be."""
