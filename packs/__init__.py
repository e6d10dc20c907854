"""The packs that ship with packsys, each as a maker would write it."""
