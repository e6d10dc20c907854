"""Programs that use packsys; each runs as it stands."""
