"""``python -m edgevision.cli``: the command where scripts are not on the path."""

from edgevision.cli import main

if __name__ == "__main__":  # spawned workers import this module again
    main()
