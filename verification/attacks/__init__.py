"""Simulated presentation and injection attacks, for measuring and for training; never part of serving."""
