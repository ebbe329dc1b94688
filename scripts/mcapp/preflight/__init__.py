"""What must hold on a machine and between two before k3s is installed; the standard library alone."""
