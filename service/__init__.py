"""HTTP, settings, commands and the composition root: the only package that knows FastAPI and knows everybody."""
