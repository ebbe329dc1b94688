"""What is read of the cluster, and from inside its pods."""
