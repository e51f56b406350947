"""`python -m b24kit`: the command line where the console script is not on the path."""

from b24kit.cli.app import main

if __name__ == "__main__":
    main()
