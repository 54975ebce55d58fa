"""Builders of tiny image files, so that no test needs a file from outside."""
