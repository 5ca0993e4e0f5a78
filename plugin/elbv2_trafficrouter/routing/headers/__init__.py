"""Header routes: rules above the steered ones that send requests with certain headers to the canary."""
