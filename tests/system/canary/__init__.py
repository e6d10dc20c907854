"""A house whose accounts have unmistakable secrets, a service that gives back all that it is told, and a dump."""
