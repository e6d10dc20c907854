"""Connected accounts: their secrets, sealed at rest, and how requests are signed with them."""
