"""Argo's expression languages: text in, value out, no I/O."""
