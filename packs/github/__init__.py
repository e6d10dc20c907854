"""The pack for GitHub and GitHub Enterprise."""
