"""The formula language: text to tree, tree to bound tree, bound tree to value. Pure."""
