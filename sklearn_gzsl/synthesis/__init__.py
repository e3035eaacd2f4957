"""Training rows for the final classifier: real and synthetic, at once and streamed."""
