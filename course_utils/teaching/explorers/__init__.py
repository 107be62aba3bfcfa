"""Widgets to play with: for each a pure function that computes, and a thin view of it."""
