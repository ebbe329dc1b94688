"""mcapp up."""
