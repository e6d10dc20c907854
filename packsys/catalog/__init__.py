"""What is declared about packs: manifests, and results fitted to them."""
