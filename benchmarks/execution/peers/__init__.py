"""What people would use instead. Each is the module of its workers and, where its servers are named, a client."""
