"""Commands that are killed, or meet a full disk or a bad one, at any of their calls of the file system."""
