"""packsys runs packs: small programs that connect a formula language to other people's services."""

__version__ = "0.1.0"
