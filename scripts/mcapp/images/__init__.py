"""mcapp images: copies the archive of images to the machines, and imports it there."""
