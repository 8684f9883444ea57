"""`python -m prosemble`: the command line."""

from prosemble.cli import main

if __name__ == "__main__":
    main()
