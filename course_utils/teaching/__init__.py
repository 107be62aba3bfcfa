"""What a notebook shows: figures, checks, explorers."""
