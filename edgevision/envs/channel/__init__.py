"""The radio channel: success probability, path loss and line of sight."""
