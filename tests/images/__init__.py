"""mcapp images."""
