"""Repeatable measurements of Tidemark beside its peers and its limits. No test asserts on them."""
