"""`python -m cli` is the `tallystick` command."""

from cli.main import main

main()
