"""Runs workers as local processes."""
