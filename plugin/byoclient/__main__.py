"""`python -m byoclient`."""

from byoclient.cli import main

main()
